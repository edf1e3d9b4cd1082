"""The database's clock, the one that all who share a database agree on."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def database_now(session: Session) -> datetime:
    """The time by the database's clock, to the microsecond."""
    if session.get_bind().dialect.name == "postgresql":
        now: datetime = session.scalars(select(func.clock_timestamp())).one()
        return now.astimezone(UTC)
    return datetime.now(UTC)  # SQLite has no server: its clock is this machine's
