"""Reading identities from the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveil.errors import QueryError
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


def list_identities(session: Session) -> list[Summary]:
    """Identities that have sightings or a name, the ones with most sightings first."""
    counts = (
        select(
            Identity.id,
            Identity.name,
            func.count(SightingRow.id).label("sightings"),
            func.min(SightingRow.first_seen),
            func.max(SightingRow.last_seen),
        )
        .outerjoin(SightingRow, SightingRow.identity_id == Identity.id)
        .group_by(Identity.id, Identity.name)
        .having((func.count(SightingRow.id) > 0) | Identity.name.is_not(None))
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
    for identity, camera in session.execute(pairs):
        seen_by.setdefault(identity, []).append(camera)
    return [
        Summary(identity, name, sightings, tuple(seen_by.get(identity, ())), first, last)
        for identity, name, sightings, first, last in session.execute(counts)
    ]


def sightings_of(session: Session, identity: int) -> Sequence[int]:
    """Ids of the sightings of an identity, in order of time.

    Raises:
        QueryError: There is no such identity.
    """
    ids = (
        select(SightingRow.id)
        .where(SightingRow.identity_id == identity)
        .order_by(SightingRow.first_seen, SightingRow.id)
    )
    if session.get(Identity, identity) is None:
        raise QueryError(f"no identity has the number {identity}", next_step="See `surveil identities list`.")
    return session.scalars(ids).all()
