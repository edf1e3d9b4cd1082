"""One row for many sightings: those of one identity, of one visit of somebody to a camera, or that look alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from surveil.search.rank import RankedSighting
from surveil.store.models import model_in_use
from surveil.store.session import Database
from surveil.visits import VISIT_GAP

Together = Literal["identity", "visit"]
GroupBy = Literal["identity", "visit", "look"]


@dataclass(slots=True)
class Group:
    """The best match of a group, and the others in their order."""

    best: RankedSighting
    others: list[RankedSighting] = field(default_factory=list)

    def takes(self, sighting: RankedSighting, by: Together) -> bool:
        """Whether a sighting belongs to it."""
        if sighting.identity is None or sighting.identity != self.best.identity:
            return False
        if by == "identity":
            return True
        return sighting.camera == self.best.camera and any(
            sighting.first_seen <= known.last_seen + VISIT_GAP and known.first_seen <= sighting.last_seen + VISIT_GAP
            for known in (self.best, *self.others)
        )


def grouped(found: Iterable[RankedSighting], by: Together | None) -> list[Group]:
    """Matches in groups, in the order of the best of each; None: each is a group of its own.

    A sighting without an identity is a group of its own. One that was seen between two stays makes one visit of them.
    """
    groups: list[Group] = []
    place: dict[int, int] = {}
    for sighting in found:
        place[sighting.sighting] = len(place)
        homes = [number for number, group in enumerate(groups) if group.takes(sighting, by)] if by else []
        if not homes:
            groups.append(Group(sighting))
            continue
        joined = [groups.pop(number) for number in reversed(homes[1:])]
        others = groups[homes[0]].others
        others += [*(known for group in joined for known in (group.best, *group.others)), sighting]
        others.sort(key=lambda known: place[known.sighting])
    return groups


def grouped_by_look(database: Database, found: list[RankedSighting]) -> list[Group]:
    """Matches in groups, in the order of the best of each: whoever resembles it as much as one person does herself.

    It needs no clustering, and puts people together who are dressed alike: what is listed differs at a glance.
    """
    with database.session() as session:
        model = model_in_use(session)
    ids, embeddings = database.vectors.load([sighting.sighting for sighting in found], model.id)
    looks = np.zeros((len(found), embeddings.shape[1]), np.float32)  # without an embedding: like nobody
    place_of = {sighting.sighting: place for place, sighting in enumerate(found)}
    looks[[place_of[sighting] for sighting in ids.tolist()]] = embeddings
    groups: list[Group] = []
    free = np.ones(len(found), bool)
    for place, sighting in enumerate(found):
        if free[place]:
            alike = free & (looks @ looks[place] >= model.cluster_threshold)
            alike[place] = False
            groups.append(Group(sighting, [found[other] for other in np.flatnonzero(alike)]))
            free &= ~alike
    return groups
