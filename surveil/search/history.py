"""Searches that were made: the newest are remembered, until there are too many or somebody forgets them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from surveil.store.tables import PastSearchRow


def remember(session: Session, request: dict[str, Any], found: int, more: bool, *, kept: int) -> None:
    """Add a search to the history, and forget what is older than the newest ones that are kept.

    Args:
        session: A session.
        request: What was asked.
        found: How many matches were shown.
        more: Whether there were more.
        kept: How many searches are remembered; 1 or more.
    """
    session.add(PastSearchRow(made_at=datetime.now(UTC), request=request, found=found, more=more))
    session.flush()
    oldest = select(PastSearchRow.id).order_by(PastSearchRow.id.desc()).offset(kept - 1).limit(1).scalar_subquery()
    session.execute(
        delete(PastSearchRow).where(PastSearchRow.id < oldest), execution_options={"synchronize_session": False}
    )


def past_searches(session: Session, limit: int) -> Sequence[PastSearchRow]:
    """The newest searches, so many at most, the newest first."""
    return session.scalars(select(PastSearchRow).order_by(PastSearchRow.id.desc()).limit(limit)).all()


def forget_past(session: Session) -> int:
    """Forget the history; gives how many searches it held."""
    return len(session.scalars(delete(PastSearchRow).returning(PastSearchRow.id)).all())
