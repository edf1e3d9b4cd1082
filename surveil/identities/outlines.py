"""Outlines: a few numbers of each vector that tell which pairs are worth comparing in full.

A vector is its part in a subspace and a rest at right angles to it; the dot product of two is that of their parts plus
that of their rests: at most the product of the lengths of the rests (Cauchy and Schwarz), and mostly a small share of
it. With the length of the rest times the root of such a share as one number more, the dot product of two outlines is an
estimate that is seldom too low: how seldom is measured, and the share chosen by it.
"""

from __future__ import annotations

import numpy as np

from surveil.identities.graph import BLOCK, Hits, Ids, Nearest, Vectors, find_hits
from surveil.types import Floats

MIN_RECALL = 0.97
"""Share of the true neighbours, measured on a sample, which must not be missed."""
SIZE = 127
"""Dimensions of the subspace: with the rest, a quarter of an embedding's."""
_SAMPLE, _LEARN_FROM = 500, 20_000
"""Vectors on which recall is measured, and from which the subspace is learned."""
_PAIRS = 8192
"""Pairs compared in full at a time: 36 MB."""


class Outlines:
    """Compares blocks of vectors; in full only the pairs whose outlines are near enough.

    Args:
        vectors: (n, d) of unit length.
        floor: Least similarity of a pair.
        neighbours: How many of a vector's nearest count.
        least: (n,) similarity that a vector's next neighbour must have, which rises as neighbours are found.

    Attributes:
        recall: Share of each vector's neighbours that are found, measured on a sample.
    """

    def __init__(self, vectors: Vectors, floor: float, neighbours: int, least: Floats) -> None:
        random = np.random.default_rng(0)
        self._vectors, self._least = vectors, least
        self._kept: tuple[slice, Floats] | None = None
        self._outlines = _outlines(vectors, random.permutation(len(vectors))[:_LEARN_FROM])
        sample = random.permutation(len(vectors))[:_SAMPLE]
        needed = self._shares_needed(sample, floor, neighbours)
        share = float(np.clip(np.quantile(needed, MIN_RECALL, method="higher"), 0, 1)) if len(needed) else 1.0
        self._outlines[:, -1] *= np.sqrt(share)
        self.recall = float((needed <= share).mean()) if len(needed) else 1.0

    def hits(self, left: slice, right: slice, floor: float, limit: int) -> Hits:
        """Pairs of a vector of one block and one of another, as `find_hits`, without those that cannot count."""
        estimate = self._outlines[left] @ self._outlines[right].T
        at = np.flatnonzero(estimate.ravel() >= floor)
        if len(at) > limit * sum(estimate.shape):  # a crowd of equals: comparing all is quicker
            return find_hits(self._wide_left(left), self._wide(right), floor, limit)
        i, j = np.divmod(at, estimate.shape[1])
        near = estimate.ravel()[at] >= np.minimum(self._least[left][i], self._least[right][j])
        i, j = i[near], j[near]
        similarity = _similarity(self._wide_left(left), self._wide(right), i, j)
        reached = similarity >= floor
        return i[reached], j[reached], similarity[reached]

    def _wide(self, part: slice) -> Floats:
        return self._vectors[part].astype(np.float32, copy=False)

    def _wide_left(self, part: slice) -> Floats:
        """The same, kept for the next right one."""
        if self._kept is None or self._kept[0] != part:
            self._kept = part, self._wide(part)
        return self._kept[1]

    def _shares_needed(self, sample: Ids, floor: float, neighbours: int) -> Floats:
        """(k,) with what share of the rests each true neighbour of a sample of vectors is found."""
        queries, nearest = self._vectors[sample].astype(np.float32), Nearest(len(sample), neighbours)
        for start in range(0, len(self._vectors), BLOCK):
            block = self._vectors[start : start + BLOCK].astype(np.float32)
            i, j, similarity = find_hits(queries, block, floor, neighbours + 1)
            other = sample[i] != j + start
            nearest.add(i[other], j[other] + start, similarity[other])
        query, found, _ = nearest.pairs()
        a, b = self._outlines[sample[query]], self._outlines[found]
        missing = np.maximum(nearest.least[query], floor) - np.einsum("ij,ij->i", a[:, :-1], b[:, :-1])
        needed: Floats = missing / (a[:, -1] * b[:, -1])
        return needed


def _similarity(left: Floats, right: Floats, i: Ids, j: Ids) -> Floats:
    """(m,) dot products of row i of one block and row j of another."""
    similarity = np.empty(len(i), np.float32)
    for start in range(0, len(i), _PAIRS):
        part = slice(start, start + _PAIRS)
        np.einsum("ij,ij->i", left[i[part]], right[j[part]], out=similarity[part])
    return similarity


def _outlines(vectors: Vectors, sample: Ids) -> Floats:
    """(n, k + 1): the parts of vectors in the first principal directions of a sample, and the lengths of the rests."""
    learned = vectors[sample].astype(np.float32)
    directions = np.linalg.eigh((learned.T @ learned).astype(np.float64))[1][:, ::-1]
    base = np.ascontiguousarray(directions[:, :SIZE], np.float32)
    outlines = np.empty((len(vectors), base.shape[1] + 1), np.float32)
    for start in range(0, len(vectors), BLOCK):
        block = vectors[start : start + BLOCK].astype(np.float32)
        part = block @ base
        rest = np.einsum("ij,ij->i", block, block) - np.einsum("ij,ij->i", part, part)
        outlines[start : start + BLOCK, :-1] = part
        outlines[start : start + BLOCK, -1] = np.sqrt(np.maximum(rest, 1e-6))  # more than rounding is wrong by
    return outlines
