"""Who may be the same person as an identity, for an operator to decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from surveil.identities.constraints import Ids, Mask
from surveil.identities.evidence import load_constraints
from surveil.identities.listing import sightings_of
from surveil.store.models import model_in_use
from surveil.store.session import Database
from surveil.store.tables import Identity, SightingRow
from surveil.types import Floats

LIKELY = 0.5
"""The probability from which on a merge is worth a look."""
LOOKED_AT = 500
"""Sightings of others, at least, the nearest to the mean of an identity, whose identities are candidates.

An identity whose mean is near has a sighting that is as near or nearer, so none is missed that is nearer than the last
of these.
"""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An identity that may be the same person.

    Attributes:
        identity: Which.
        name: What the operator calls it.
        sightings: How many sightings it has.
        similarity: The mean over all pairs of a sighting of the one and one of the other.
        probability: That a pair of so high a similarity shows one person, where half of all pairs do (the calibration
            of the model in use).
    """

    identity: int
    name: str | None
    sightings: int
    similarity: float
    probability: float


def suggest_merges(database: Database, identity: int, *, limit: int = 5) -> list[Suggestion]:
    """The identities that most resemble one, but for those that cannot be, or were decided not to be, the same person.

    Args:
        database: Where they are.
        identity: The identity in question.
        limit: How many at most.

    Returns:
        The likeliest first; empty where the model was not calibrated.

    Raises:
        QueryError: There is no such identity.
    """
    with database.session() as session:
        sightings = sightings_of(session, identity)
        model = model_in_use(session)
    own, vectors = database.vectors.load(sightings, model.id)
    if not len(own) or model.calibration.slope is None:
        return []
    mean = vectors.mean(axis=0)
    alike: list[tuple[int, Ids, float, float]] = []
    for other, theirs in _near(database, identity, mean, model.id, LOOKED_AT + len(own)).items():
        members, vectors = database.vectors.load(theirs, model.id)
        similarity = float(vectors.mean(axis=0) @ mean)
        probability = model.calibration.same_person([similarity])
        if probability is not None and probability[0] >= LIKELY:
            alike.append((other, members, similarity, float(probability[0])))
    with database.session() as session:
        apart = _two_people(session, [own, *(members for _, members, _, _ in alike)])
        names = dict(
            session.execute(
                select(Identity.id, Identity.name).where(Identity.id.in_([other for other, *_ in alike]))
            ).all()
        )
    found = [
        Suggestion(other, names[other], len(members), similarity, probability)
        for (other, members, similarity, probability), never in zip(alike, apart[1:], strict=True)
        if not never
    ]
    return sorted(found, key=lambda suggestion: (-suggestion.similarity, suggestion.identity))[:limit]


def _near(database: Database, identity: int, mean: Floats, model_id: int, looked_at: int) -> dict[int, list[int]]:
    """The other identities among the sightings nearest to the mean of an identity, each with all its sightings."""
    found = database.vectors.nearest(mean, None, model_id, looked_at)
    near = select(SightingRow.identity_id).where(SightingRow.id.in_([sighting for sighting, _ in found]))
    others = near.where(SightingRow.identity_id != identity)
    members: dict[int, list[int]] = {}
    with database.session() as session:
        rows = select(SightingRow.identity_id, SightingRow.id).where(SightingRow.identity_id.in_(others))
        for other, sighting in session.execute(rows):
            if other is not None:
                members.setdefault(other, []).append(sighting)
    return members


def _two_people(session: Session, members: Sequence[Ids]) -> Mask:
    """Of each group: whether what was seen, or was decided, says that it is not the person of the first."""
    ids = np.concatenate(members)
    order = np.argsort(ids)
    group = np.repeat(np.arange(len(members)), [len(one) for one in members])[order]
    never: Mask = load_constraints(session, ids[order]).conflicts(np.arange(len(ids)), group, len(members))[0]
    return never
