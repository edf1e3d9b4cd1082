"""One row for many sightings: those of one identity, or of one visit of somebody to a camera."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from surveil.search.rank import RankedSighting
from surveil.visits import VISIT_GAP

GroupBy = Literal["identity", "visit"]


@dataclass(slots=True)
class Group:
    """The best match of a group, and the others in their order."""

    best: RankedSighting
    others: list[RankedSighting] = field(default_factory=list)

    def takes(self, sighting: RankedSighting, by: GroupBy) -> bool:
        """Whether a sighting belongs to it."""
        if sighting.identity is None or sighting.identity != self.best.identity:
            return False
        if by == "identity":
            return True
        return sighting.camera == self.best.camera and any(
            sighting.first_seen <= known.last_seen + VISIT_GAP and known.first_seen <= sighting.last_seen + VISIT_GAP
            for known in (self.best, *self.others)
        )


def grouped(found: Iterable[RankedSighting], by: GroupBy | None) -> list[Group]:
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
