"""How Alembic reaches the database: by the connection it is given, or by the settings when a developer calls it."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from surveil.store.all_tables import Base


def run(connection: Connection) -> None:
    """Run the migrations asked for; batch mode, because SQLite cannot alter most things in place."""
    context.configure(
        connection=connection, target_metadata=Base.metadata, render_as_batch=True, user_module_prefix="columns."
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    from surveil.settings import load_settings
    from surveil.store.session import connect

    with connect(load_settings().database).begin() as developers:
        run(developers)
