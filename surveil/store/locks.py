"""The one order in which transactions lock rows, so that no two of them wait for each other.

Decisions (the whole table: whoever changes identities), then footage, then its camera, then sightings in the order of
their numbers, then what hangs on a sighting; last the right to number new sightings. A transaction may leave out any of
them, and never goes back.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, func, select, text
from sqlalchemy.orm import Session

from surveil.store.tables import Clustering, SightingRow

NUMBERS = 0x73757276
"""The key of the advisory lock of whoever numbers sightings, among those of other programs: "surv" in ASCII."""


def lock_identities(session: Session) -> None:
    """Wait until nobody else changes identities, and let nobody do so until the transaction ends.

    SQLite has one writer at a time, from the first statement that writes.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE decision IN SHARE ROW EXCLUSIVE MODE"))
    else:
        session.execute(delete(Clustering).where(Clustering.id.is_(None)))


def lock_numbers(session: Session) -> None:
    """Wait until nobody else has numbered sightings that are not committed yet, and let nobody do so until the commit.

    So sightings are committed in the order of their numbers: whoever has seen one has seen all with lower numbers, and
    asks for what is new by the number of the last. Without it, Postgres commits numbers in any order.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(NUMBERS)))


def lock_sightings(session: Session, which: ColumnElement[bool], *, deleting: bool = False) -> None:
    """Hold sightings until the transaction ends; on SQLite, which has one writer at a time, nothing is held.

    Args:
        session: A session.
        which: Condition on the sightings.
        deleting: Whether they are about to be deleted: then also rows that refer to them cannot be added meanwhile.
    """
    seen = select(SightingRow.id).where(which).order_by(SightingRow.id).with_for_update(key_share=not deleting)
    session.execute(select(func.count()).select_from(seen.subquery()))
