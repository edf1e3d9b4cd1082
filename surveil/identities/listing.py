"""Reading identities from the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveil.errors import QueryError
from surveil.store.cameras import taken_by
from surveil.store.tables import Camera, Identity, SightingRow


@dataclass(frozen=True, slots=True)
class Summary:
    """An identity at a glance; times are UTC and None when it has no sighting now."""

    identity: int
    name: str | None
    sightings: int
    cameras: tuple[str, ...]
    first_seen: datetime | None
    last_seen: datetime | None


def list_identities(session: Session, within: Sequence[str] | None = None) -> list[Summary]:
    """Identities that have sightings or a name, the ones with most sightings first.

    Args:
        session: A session.
        within: The only cameras whose sightings count; then an identity that has none there is left out.
    """
    own = SightingRow.identity_id == Identity.id
    seen = func.count(SightingRow.id) > 0
    listed = seen | Identity.name.is_not(None) if within is None else seen
    if within is not None:
        own &= taken_by(within)
    counts = (
        select(
            Identity.id,
            Identity.name,
            func.count(SightingRow.id).label("sightings"),
            func.min(SightingRow.first_seen),
            func.max(SightingRow.last_seen),
        )
        .outerjoin(SightingRow, own)
        .group_by(Identity.id, Identity.name)
        .having(listed)
        .order_by(func.count(SightingRow.id).desc(), Identity.id)
    )
    seen_by: dict[int | None, list[str]] = {}
    pairs = (
        select(SightingRow.identity_id, Camera.name)
        .join(Camera, SightingRow.camera_id == Camera.id)
        .where(SightingRow.identity_id.is_not(None))
        .distinct()
        .order_by(Camera.name)
    )
    for identity, camera in session.execute(pairs if within is None else pairs.where(Camera.name.in_(within))):
        seen_by.setdefault(identity, []).append(camera)
    return [
        Summary(identity, name, sightings, tuple(seen_by.get(identity, ())), first, last)
        for identity, name, sightings, first, last in session.execute(counts)
    ]


def sightings_of(session: Session, identity: int, within: Collection[str] | None = None) -> Sequence[int]:
    """Ids of the sightings of an identity, in order of time.

    Args:
        session: A session.
        identity: Whose.
        within: The only cameras whose sightings count.

    Raises:
        QueryError: There is no such identity, or none that these cameras saw.
    """
    ids = (
        select(SightingRow.id)
        .where(SightingRow.identity_id == identity)
        .order_by(SightingRow.first_seen, SightingRow.id)
    )
    found = session.scalars(ids if within is None else ids.where(taken_by(within))).all()
    if session.get(Identity, identity) is None or (within is not None and not found):
        raise QueryError(f"no identity has the number {identity}", next_step="See `surveil identities list`.")
    return found
