"""All tables at once, for whoever compares or makes them: a table is known when its file was imported."""

from __future__ import annotations

from surveil.store import account_tables, audit_tables, case_tables
from surveil.store.tables import Base

__all__ = ["Base", "account_tables", "audit_tables", "case_tables"]
