"""The similarity graph: each vector with its nearest neighbours, in memory that grows with their number only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surveil.types import Floats

NEIGHBOURS = 30
"""Neighbours of a vector that are kept; one person's sightings hang together through fewer."""
EXACT_LIMIT = 200_000
"""Up to so many vectors each is compared with each, as always on a GPU; of more, with the cells near to it."""
GPU_LIMIT = 2_000_000
"""Vectors that fit on a GPU, beside the blocks that are compared."""
MIN_FOR_GPU = 50_000
"""Fewer are done before PyTorch is loaded."""
BLOCK = 4096
"""Vectors compared with as many others at a time: 64 MiB of similarities."""

Ids = NDArray[np.int64]
Vectors = NDArray[np.float16] | Floats
Hits = tuple[Ids, Ids, Floats]
"""Rows, columns and similarity of pairs."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Undirected edges, each once.

    Attributes:
        pairs: (m, 2) the two ends, the lower one first.
        similarity: (m,) of the ends.
        recall: Share of each vector's neighbours that were found, measured on a sample; 1 where all were compared.
    """

    pairs: Ids
    similarity: Floats
    recall: float = 1.0


def similarity_graph(
    vectors: Vectors, floor: float, *, neighbours: int = NEIGHBOURS, exact_limit: int = EXACT_LIMIT
) -> Graph:
    """The union k-nearest-neighbour graph: two vectors are joined where one is among the other's nearest.

    Args:
        vectors: (n, d) of unit length.
        floor: Least similarity of an edge.
        neighbours: How many of a vector's nearest count.
        exact_limit: Up to so many vectors each is compared with each; of more, with those of the cells near to it,
            as many cells as a sample shows to be needed.
    """
    from surveil.identities.cells import Cells

    nearest = Nearest(len(vectors), neighbours)
    on_gpu = MIN_FOR_GPU <= len(vectors) <= GPU_LIMIT and _has_gpu()
    if len(vectors) <= exact_limit or on_gpu:
        for hits in _all_pairs(vectors, floor, neighbours, _GpuBlocks(vectors) if on_gpu else _CpuBlocks(vectors)):
            nearest.add(*hits)
            nearest.add(hits[1], hits[0], hits[2])
        return Graph(*nearest.edges())
    cells = Cells.of(vectors)
    probes, recall = cells.probes_needed(vectors, floor, neighbours)
    for hits in cells.pairs(vectors, floor, neighbours, probes):
        nearest.add(*hits)
    return Graph(*nearest.edges(), recall)


def find_hits(left: Floats, right: Floats, floor: float, limit: int) -> Hits:
    """Pairs of a row of `left` (a, d) and one of `right` (b, d) whose similarity reaches a floor.

    Where there are very many, those which are among the `limit` most similar of neither row are left out.
    """
    similarity = left @ right.T
    at = np.flatnonzero(similarity.ravel() >= floor)
    if len(at) > limit * sum(similarity.shape):
        kept = np.zeros(similarity.shape, bool)
        for axis, size in enumerate(similarity.shape):
            best = np.argpartition(similarity, size - min(limit, size), axis=axis)
            np.put_along_axis(kept, np.take(best, np.arange(size - min(limit, size), size), axis), True, axis)
        at = np.flatnonzero((kept & (similarity >= floor)).ravel())
    i, j = np.divmod(at, similarity.shape[1])
    return i, j, similarity.ravel()[at]


class Nearest:
    """Collects pairs and forgets those that are not among the most similar of their first end.

    Args:
        size: How many vectors there are.
        limit: How many neighbours of each are kept.
    """

    def __init__(self, size: int, limit: int) -> None:
        self._size, self._limit = size, limit
        self._room = max(2 * size * limit, BLOCK * BLOCK)
        self._waiting: list[Hits] = []
        self._count = 0

    def add(self, first: Ids, second: Ids, similarity: Floats) -> None:
        """Take pairs; each end that shall keep the other gives a pair of its own."""
        self._waiting.append((first.astype(np.int32), second.astype(np.int32), similarity))  # type: ignore[arg-type]
        self._count += len(first)
        if self._count > self._room:
            self.pairs()

    def edges(self) -> tuple[Ids, Floats]:
        """(m, 2) pairs and (m,) similarities: every pair that one of its ends keeps, once."""
        first, second, similarity = self.pairs()
        low, high = np.minimum(first, second).astype(np.int64), np.maximum(first, second)
        key, at = np.unique(low * self._size + high, return_index=True)
        return np.column_stack(np.divmod(key, self._size)), similarity[at]

    def pairs(self) -> Hits:
        """The pairs kept so far, by their first end, the most similar first."""
        first, second, similarity = (
            np.concatenate([part[i] for part in self._waiting] or [np.zeros(0, dtype)])
            for i, dtype in enumerate((np.int32, np.int32, np.float32))
        )
        self._waiting.clear()
        order = np.lexsort((second, -similarity, first))
        first = first[order]
        place = np.arange(len(first)) - np.searchsorted(first, first)
        kept = place < self._limit
        order = order[kept]
        hits = first[kept], second[order], similarity[order]
        self._waiting, self._count = [hits], len(order)
        return hits


class _CpuBlocks:
    """Comparing blocks of vectors on the CPU."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def hits(self, left: slice, right: slice, floor: float, limit: int) -> Hits:
        a, b = (self._vectors[part].astype(np.float32, copy=False) for part in (left, right))
        return find_hits(a, b, floor, limit)


class _GpuBlocks:
    """Comparing blocks of vectors on a GPU, where all of them lie."""

    def __init__(self, vectors: Vectors, device: str = "cuda") -> None:
        import torch

        self._vectors = torch.from_numpy(vectors).to(device)

    def hits(self, left: slice, right: slice, floor: float, limit: int) -> Hits:
        import torch

        similarity = self._vectors[left].float() @ self._vectors[right].float().T
        reached = similarity >= floor
        if int(reached.sum()) > limit * sum(similarity.shape):
            kept = torch.zeros_like(reached)
            for axis, size in enumerate(similarity.shape):
                kept.scatter_(axis, similarity.topk(min(limit, size), dim=axis).indices, True)
            reached &= kept
        i, j = reached.nonzero(as_tuple=True)
        return i.cpu().numpy(), j.cpu().numpy(), similarity[i, j].cpu().numpy()


def _all_pairs(vectors: Vectors, floor: float, limit: int, blocks: _CpuBlocks | _GpuBlocks) -> Iterator[Hits]:
    """Every pair that reaches the floor, once."""
    for start in range(0, len(vectors), BLOCK):
        for other in range(start, len(vectors), BLOCK):
            i, j, similarity = blocks.hits(
                slice(start, start + BLOCK), slice(other, other + BLOCK), floor, limit + (start == other)
            )
            once = i < j if start == other else slice(None)
            yield i[once] + start, j[once] + other, similarity[once]


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()
