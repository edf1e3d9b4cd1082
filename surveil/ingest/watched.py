"""Which footage the watched searches are still to be run on: noted with "done", crossed off when they were.

Whoever finishes footage runs them at once. Where that process dies in between, the next one does it instead, so that
nothing of what is done escapes them. Then something may be told twice, never not at all.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, or_, select, update

from surveil.files import path_text, text_path
from surveil.ingest.leases import LEASE_SECONDS, is_dead
from surveil.store.clock import database_now
from surveil.store.session import Database
from surveil.store.tables import Footage, SearchDue


def take_left(database: Database, owner: str) -> Path | None:
    """Become the one who runs the watched searches on a piece of footage that nobody is at any more.

    Args:
        database: Where the footage is.
        owner: Who does it (`surveil.ingest.leases.new_owner`).

    Returns:
        Its path; None if there is none.
    """
    with database.session() as session:
        now = database_now(session)
        others = session.scalars(select(SearchDue.owner).where(SearchDue.owner != owner).distinct())
        gone = [other for other in others if other is not None and is_dead(other)]
        lapsed = SearchDue.since < now - timedelta(seconds=LEASE_SECONDS)
        left = or_(SearchDue.owner.is_(None), SearchDue.owner.in_(gone), lapsed)
        first = select(SearchDue.footage_id).where(left).order_by(SearchDue.footage_id).limit(1)
        taken = (
            update(SearchDue)
            .where(SearchDue.footage_id == first.with_for_update(skip_locked=True).scalar_subquery())
            .values(owner=owner, since=now)
            .returning(SearchDue.footage_id)
        )
        footage_id = session.scalars(taken, execution_options={"synchronize_session": False}).first()
        if footage_id is None:
            return None
        return text_path(session.scalars(select(Footage.path).where(Footage.id == footage_id)).one())


def are_run(database: Database, path: Path) -> None:
    """Note that the watched searches were run on the footage of a path."""
    footage = select(Footage.id).where(Footage.path == path_text(path))
    with database.session() as session:
        session.execute(delete(SearchDue).where(SearchDue.footage_id.in_(footage)))
