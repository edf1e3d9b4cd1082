"""What a grouping must respect: nobody is twice in one picture, and what an operator said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]
NOWHERE = -1
"""The place of a sighting whose times prove nothing."""


@dataclass(frozen=True)
class Constraints:
    """Constraints on the grouping of n sightings, in memory that grows with n only: no pairs are written down.

    What an operator says counts more than what times say: sightings that are `same` are put together although they
    overlap in time.

    Attributes:
        place: (n,) what took the pictures; two of one place that overlap in time are two people. `NOWHERE`: no such
            evidence.
        first: (n,) seconds at which each was first seen.
        last: (n,) seconds at which each was last seen, included.
        same: Sets of sightings that are one person.
        different: Pairs of sets; nobody in the one is anybody in the other.
    """

    place: Ids
    first: NDArray[np.float64]
    last: NDArray[np.float64]
    same: Sequence[Ids] = field(default=())
    different: Sequence[tuple[Ids, Ids]] = field(default=())

    def __post_init__(self) -> None:
        for left, right in self.different:
            if np.intersect1d(self.bundles[left], self.bundles[right]).size:
                raise ValueError("the same sightings cannot be one person and two")

    @staticmethod
    def none(n: int) -> Constraints:
        """No constraints."""
        return Constraints(np.full(n, NOWHERE), np.zeros(n), np.zeros(n))

    def __len__(self) -> int:
        return len(self.place)

    @cached_property
    def bundles(self) -> Ids:
        """(n,) number of the bundle of each: sightings that are `same`, directly or through others, or one alone."""
        from scipy.sparse import coo_array  # slow to import, and no first ingest needs it
        from scipy.sparse.csgraph import connected_components

        pairs = [np.column_stack([np.full(len(one) - 1, one[0]), one[1:]]) for one in self.same if len(one) > 1]
        joined = np.concatenate([np.zeros((0, 2), np.int64), *pairs])
        links = coo_array((np.ones(len(joined), bool), joined.T), shape=(len(self), len(self)))
        return connected_components(links, directed=False)[1].astype(np.int64)

    @cached_property
    def _sides(self) -> dict[int, list[tuple[int, int]]]:
        """Of each sighting that is `different` from others: which statements it is in, and on which side."""
        sides: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for statement, pair in enumerate(self.different):
            for side, members in enumerate(pair):
                for member in members.tolist():
                    sides[member].append((statement, side))
        return sides

    def overlaps(self) -> int:
        """How many pairs overlap in time at one place."""
        return sum(len(others) for _, others in self._overlapping(np.arange(len(self))))

    def forbidden(self, pairs: Ids) -> Mask:
        """(m,) whether each of (m, 2) pairs of sightings overlap in time at one place; operators are not asked."""
        a, b = pairs.T
        here = (self.place[a] == self.place[b]) & (self.place[a] != NOWHERE)
        overlap: Mask = here & (self.first[a] <= self.last[b]) & (self.first[b] <= self.last[a])
        return overlap

    def conflicts(self, members: Ids, group: Ids, groups: int) -> Mask:
        """Which groups can never be one.

        Args:
            members: (k,) sightings.
            group: (k,) the group of each, from 0.
            groups: How many groups there are.

        Returns:
            (groups, groups), symmetric, the diagonal False.
        """
        found = np.zeros((groups, groups), bool)
        for i, others in self._overlapping(members):
            found[group[i], group[others]] = True
        statements: dict[int, tuple[list[int], list[int]]] = {}
        if self.different:
            for member, its_group in zip(members.tolist(), group.tolist(), strict=True):
                for statement, side in self._sides.get(member, ()):
                    statements.setdefault(statement, ([], []))[side].append(its_group)
        for left, right in statements.values():
            found[np.ix_(left, right)] = True
        found |= found.T
        np.fill_diagonal(found, False)
        return found

    def _overlapping(self, members: Ids) -> Iterator[tuple[int, Ids]]:
        """For each of the members, by their positions, those after it in time that it overlaps at one place."""
        order = np.lexsort((self.first[members], self.place[members]))
        order = order[self.place[members[order]] != NOWHERE]
        place, first, last = (values[members[order]] for values in (self.place, self.first, self.last))
        edges = [0, *(np.flatnonzero(np.diff(place)) + 1).tolist(), len(order)]
        for start, stop in pairwise(edges):
            ends = start + np.searchsorted(first[start:stop], last[start:stop], side="right")
            for i in np.flatnonzero(ends > np.arange(start, stop) + 1).tolist():
                yield int(order[start + i]), order[start + i + 1 : ends[i]]
