"""The identities that sightings have now: their numbers are kept from one clustering to the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from surveil.store.tables import Identity, SightingRow


def match_groups(
    group_of: Mapping[int, int], before: Mapping[int, int | None], names: Mapping[int, str | None]
) -> dict[int, int]:
    """Which existing identity each group continues; every identity and every group once, the largest overlap first.

    Args:
        group_of: Group of each sighting.
        before: Identity that each sighting had.
        names: Name of each identity; at equal overlap one with a name goes first, then the lower number.
    """
    shared = Counter((group, before[sighting]) for sighting, group in group_of.items())
    overlaps = [
        (-n, names.get(identity) is None, identity, group) for (group, identity), n in shared.items() if identity
    ]
    continues: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, identity, group in sorted(overlaps):
        if group not in continues and identity not in taken:
            continues[group] = identity
            taken.add(identity)
    return continues


def number_identities(
    session: Session, group_of: Mapping[int, int], before: Mapping[int, int | None]
) -> dict[int, int]:
    """The identity of each sighting: the one that its group continues, or a new one."""
    names: dict[int, str | None] = dict(session.execute(select(Identity.id, Identity.name)).all())
    identities = match_groups(group_of, before, names)
    if new := sorted(set(group_of.values()) - identities.keys()):
        identities |= dict(zip(new, new_identities(session, len(new)), strict=True))
    return {sighting: identities[group] for sighting, group in group_of.items()}


def new_identities(session: Session, count: int) -> list[int]:
    """Numbers of new identities, ascending."""
    return sorted(session.scalars(insert(Identity).returning(Identity.id), [{"name": None}] * count))


def assign(session: Session, after: Mapping[int, int | None], before: Mapping[int, int | None]) -> None:
    """Give sightings another identity, where it is another; in the order of their ids."""
    changed = [{"id": s, "identity_id": after[s]} for s in sorted(after) if after[s] != before[s]]
    if changed:
        session.execute(update(SightingRow), changed)
