"""Reading identities from the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Subquery, func, select
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


def list_identities(
    session: Session, *, without: Collection[int] = (), among: Collection[int] | None = None,
    limit: int | None = None, offset: int = 0,
) -> list[Summary]:  # fmt: skip
    """Identities that have sightings or a name, the ones with most sightings first.

    Args:
        session: A session.
        without: Identities to leave out.
        among: Only these; None: all.
        limit: How many at most; None: all.
        offset: How many of the first to pass over.
    """
    counted = _counted()
    count = func.coalesce(counted.c.sightings, 0)
    listed = _listed(select(Identity.id, Identity.name, count), counted, without, among)
    rows = session.execute(listed.order_by(count.desc(), Identity.id).limit(limit).offset(offset)).all()
    seen = _seen(session, None if limit is None and among is None else [row[0] for row in rows])
    return [
        Summary(identity, name, sightings, *seen.get(identity, ((), None, None))) for identity, name, sightings in rows
    ]


def count_identities(session: Session, *, without: Collection[int] = ()) -> int:
    """How many identities have sightings or a name, without those that are to be left out."""
    counted = _counted()
    return session.scalar(_listed(select(func.count()).select_from(Identity), counted, without, None)) or 0


def _counted() -> Subquery:
    """How many sightings each identity has; those without are left out. An index alone answers it."""
    counts = select(SightingRow.identity_id, func.count().label("sightings")).group_by(SightingRow.identity_id)
    return counts.where(SightingRow.identity_id.is_not(None)).subquery()


def _listed(rows: Any, counted: Subquery, without: Collection[int], among: Collection[int] | None) -> Any:
    """A query of identities, of those that are listed."""
    rows = rows.outerjoin(counted, counted.c.identity_id == Identity.id)
    rows = rows.where(counted.c.sightings.is_not(None) | Identity.name.is_not(None))
    if without:
        rows = rows.where(Identity.id.not_in(without))
    return rows if among is None else rows.where(Identity.id.in_(among))


def _seen(
    session: Session, identities: Sequence[int] | None
) -> dict[int, tuple[tuple[str, ...], datetime | None, datetime | None]]:
    """Which cameras saw identities, and when first and last; None: all identities."""
    rows = (
        select(SightingRow.identity_id, Camera.name, func.min(SightingRow.first_seen), func.max(SightingRow.last_seen))
        .join(Camera, SightingRow.camera_id == Camera.id)
        .where(SightingRow.identity_id.is_not(None) if identities is None else SightingRow.identity_id.in_(identities))
        .group_by(SightingRow.identity_id, Camera.name)
        .order_by(Camera.name)
    )
    found: dict[int, list[tuple[str, datetime, datetime]]] = {}
    for identity, camera, first, last in session.execute(rows):
        assert identity is not None
        found.setdefault(identity, []).append((camera, first, last))
    return {
        identity: (tuple(part[0] for part in parts), min(part[1] for part in parts), max(part[2] for part in parts))
        for identity, parts in found.items()
    }


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
