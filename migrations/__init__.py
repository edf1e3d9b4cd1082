"""Alembic's migrations. A new one: `alembic revision --autogenerate -m "what changes"` against a database at head."""
