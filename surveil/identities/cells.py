"""Cells: a partition of many vectors, so that each is compared with those of the cells near to it and no others."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from surveil.identities.graph import Hits, Ids, Nearest, Vectors, find_hits
from surveil.types import Floats

MIN_RECALL = 0.97
"""Share of the true neighbours, measured on a sample, for which enough cells are looked through."""
CHUNK = 32_768
"""Vectors whose neighbours are looked for at a time."""
_SAMPLE, _LEARN_FROM = 500, 100
"""Vectors on which recall is measured; vectors per cell from which the centres are learned."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Vectors by the nearest of some centres.

    Attributes:
        centres: (c, d) of unit length.
        order: (n,) the vectors, those of the first cell first.
        starts: (c + 1,) where in `order` each cell begins, and where the last one ends.
    """

    centres: Floats
    order: Ids
    starts: Ids

    @staticmethod
    def of(vectors: Vectors, *, seed: int = 0) -> Cells:
        """About √n cells, by mini-batch k-means on a sample (Sculley, "Web-scale k-means clustering", 2010)."""
        from sklearn.cluster import MiniBatchKMeans

        count = round(math.sqrt(len(vectors)))
        random = np.random.default_rng(seed)
        sample = np.sort(random.choice(len(vectors), min(len(vectors), _LEARN_FROM * count), replace=False))
        means = MiniBatchKMeans(count, init="random", batch_size=8192, max_iter=5, n_init=1, random_state=seed)
        centres = means.fit(vectors[sample].astype(np.float32)).cluster_centers_
        centres = (centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)).astype(np.float32)
        cell = np.concatenate(
            [
                (vectors[start : start + CHUNK].astype(np.float32) @ centres.T).argmax(axis=1)
                for start in range(0, len(vectors), CHUNK)
            ]
        )
        starts = np.concatenate([[0], np.bincount(cell, minlength=count).cumsum()])
        return Cells(centres, np.argsort(cell, kind="stable"), starts)

    def probes_needed(self, vectors: Vectors, floor: float, neighbours: int, *, seed: int = 1) -> tuple[int, float]:
        """How many cells must be looked through to find `MIN_RECALL` of the neighbours, and the share then found."""
        sample = np.random.default_rng(seed).choice(len(vectors), min(_SAMPLE, len(vectors)), replace=False)
        queries = vectors[sample].astype(np.float32)
        nearest = Nearest(len(sample), neighbours)
        for start in range(0, len(vectors), CHUNK):
            i, j, similarity = find_hits(queries, vectors[start : start + CHUNK].astype(np.float32), floor, neighbours)
            other = sample[i] != j + start
            nearest.add(i[other], j[other] + start, similarity[other])
        query, found, _ = nearest.pairs()
        cell_of = np.empty(len(vectors), np.int64)
        cell_of[self.order] = np.repeat(np.arange(len(self.centres)), np.diff(self.starts))
        nearness = queries @ self.centres.T
        rank = (nearness[query] > nearness[query, cell_of[found]][:, None]).sum(axis=1)
        reached = np.bincount(rank, minlength=len(self.centres)).cumsum() / max(1, len(rank))
        probes = int(np.argmax(reached >= MIN_RECALL)) + 1 if len(rank) else 1
        return probes, float(reached[probes - 1]) if len(rank) else 1.0

    def pairs(self, vectors: Vectors, floor: float, neighbours: int, probes: int) -> Iterator[Hits]:
        """For each vector its neighbours in as many cells as `probes`."""
        for start in range(0, len(vectors), CHUNK):
            queries = vectors[start : start + CHUNK].astype(np.float32)
            nearest = Nearest(len(queries), neighbours)
            for cell, askers in self._askers(queries, probes):
                members = self.order[self.starts[cell] : self.starts[cell + 1]]
                i, j, similarity = find_hits(queries[askers], vectors[members].astype(np.float32), floor, neighbours)
                i, j = askers[i], members[j]
                other = i + start != j
                nearest.add(i[other], j[other], similarity[other])
            i, j, similarity = nearest.pairs()
            yield i + start, j, similarity

    def _askers(self, queries: Floats, probes: int) -> Iterator[tuple[int, Ids]]:
        """For each cell the queries that look through it."""
        count = len(self.centres)
        near = np.argpartition(queries @ self.centres.T, count - probes, axis=1)[:, count - probes :]
        asked = near.ravel()
        order = np.argsort(asked, kind="stable")
        starts = np.searchsorted(asked[order], np.arange(count + 1))
        for cell in range(count):
            if starts[cell] < starts[cell + 1]:
                yield cell, order[starts[cell] : starts[cell + 1]] // probes
