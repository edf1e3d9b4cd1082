"""What all decisions together say: which sightings are one person, and which are not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Sightings = Sequence[int]


@dataclass(frozen=True, slots=True)
class Statement:
    """What one decision says.

    Attributes:
        same: Sets of sightings that are one person.
        different: Pairs of sets; nobody in the one is anybody in the other. On the left those that were taken out.
    """

    same: Sequence[Sightings] = ()
    different: Sequence[tuple[Sightings, Sightings]] = ()


@dataclass(slots=True)
class Agreement:
    """Statements without the parts in which an older one contradicts a newer one.

    Attributes:
        same: Sets of sightings, disjoint.
        different: Pairs of sets; no set of `same` has members on both sides of one.
    """

    same: list[list[int]] = field(default_factory=list)
    different: list[tuple[list[int], list[int]]] = field(default_factory=list)
    _set_of: dict[int, int] = field(default_factory=dict)
    _sides: list[set[tuple[int, int]]] = field(default_factory=list)
    """Of each set: the pairs in which it is named, and on which side."""

    @staticmethod
    def of(statements: Iterable[Statement]) -> Agreement:
        """Gather statements, given oldest first; the newest counts most."""
        agreement = Agreement()
        for statement in reversed(list(statements)):
            for left, right in statement.different:
                agreement._keep_apart(left, right)
            for one in statement.same:
                agreement._join(one)
        agreement.same = [members for members in agreement.same if len(members) > 1]
        return agreement

    def contradicts(self, sightings: Sightings) -> bool:
        """Whether some of these are known to be different people."""
        known = [self._sides[self._set_of[sighting]] for sighting in sightings if sighting in self._set_of]
        sides = set().union(*known)
        return any((pair, 1 - side) in sides for pair, side in sides)

    def _join(self, sightings: Sightings) -> None:
        """Put sightings together, but for those that are known to be different: they make sets of their own."""
        made: list[int] = []
        # Those that were taken out of somebody come last, so that they do not draw others after them.
        for sighting in sorted(set(sightings), key=lambda s: (self._was_taken_out(s), s)):
            number = self._number(sighting)
            for other in made:
                if not any((pair, 1 - side) in self._sides[other] for pair, side in self._sides[number]):
                    self._unite(other, number)
                    break
            else:
                made.append(number)

    def _was_taken_out(self, sighting: int) -> bool:
        return any(side == 0 for _, side in self._sides[self._number(sighting)])

    def _number(self, sighting: int) -> int:
        if sighting not in self._set_of:
            self._set_of[sighting] = len(self.same)
            self.same.append([sighting])
            self._sides.append(set())
        return self._set_of[sighting]

    def _unite(self, kept: int, gone: int) -> None:
        if kept != gone:
            self._set_of |= dict.fromkeys(self.same[gone], kept)
            self.same[kept] += self.same[gone]
            self._sides[kept] |= self._sides[gone]
            self.same[gone] = []

    def _keep_apart(self, left: Sightings, right: Sightings) -> None:
        """Note that two sets are different; whom newer statements put together stays together."""
        beyond = {self._number(sighting) for sighting in right}
        kept = [sighting for sighting in left if self._number(sighting) not in beyond]
        for side, members in enumerate((kept, right)):
            for member in members:
                self._sides[self._number(member)].add((len(self.different), side))
        self.different.append((kept, list(right)))
