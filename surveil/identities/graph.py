"""The similarity graph: each vector with its nearest neighbours, in memory that grows with their number only."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from surveil.identities.threads import in_order
from surveil.types import Floats

NEIGHBOURS = 30
"""Neighbours of a vector that are kept; one person's sightings hang together through fewer."""
FULL_LIMIT = 20_000
"""Up to so many vectors each is compared with each in full, as always on a GPU; of more, outlines tell with whom."""
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
Pair = tuple[slice, slice]
"""Two blocks of vectors."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Undirected edges, each once.

    Attributes:
        pairs: (m, 2) the two ends, the lower one first.
        similarity: (m,) of the ends.
    """

    pairs: Ids
    similarity: Floats


def similarity_graph(
    vectors: Vectors,
    floor: float,
    *,
    neighbours: int = NEIGHBOURS,
    full_limit: int = FULL_LIMIT,
    tell: Callable[[float], object] = lambda _: None,
) -> Graph:
    """The union k-nearest-neighbour graph: two vectors are joined where one is among the other's nearest.

    Args:
        vectors: (n, d) of unit length.
        floor: Least similarity of an edge.
        neighbours: How many of a vector's nearest count.
        full_limit: Up to so many vectors each is compared with each in full; of more, with those whose outlines do not
            rule it out, which misses no neighbour.
        tell: Told the part that is done, 0 to 1.
    """
    nearest, blocks = Nearest(len(vectors), neighbours), _blocks(vectors, full_limit)
    together = blocks.pairs()

    def hits(task: tuple[slice, slice, Floats]) -> Hits:
        left, right, least = task
        return blocks.hits(left, right, floor, neighbours + (left == right), least)

    with blocks.threads() as threads:
        tasks = ((left, right, nearest.least) for left, right in together)
        for done, ((left, right, _), (i, j, similarity)) in enumerate(in_order(threads, hits, tasks)):
            once = i < j if left == right else slice(None)
            i, j, similarity = i[once] + left.start, j[once] + right.start, similarity[once]
            nearest.add(i, j, similarity)
            nearest.add(j, i, similarity)
            tell(done / len(together))
    pairs, similarity = nearest.edges()
    return Graph(np.sort(blocks.order[pairs], axis=1), similarity)


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

    Attributes:
        least: (n,) similarity that the next neighbour of each must have. As pairs are taken, another array takes its
            place, whose numbers are higher.
    """

    def __init__(self, size: int, limit: int) -> None:
        self._size, self._limit = size, limit
        self.least: Floats = np.full(size, -np.inf, np.float32)
        self._room = max(size * limit, BLOCK * BLOCK // 2)
        self._waiting: list[Hits] = []
        self._count = 0

    def add(self, first: Ids, second: Ids, similarity: Floats) -> None:
        """Take pairs; each end that shall keep the other gives a pair of its own."""
        useful = similarity >= self.least[first]
        first, second = first[useful].astype(np.int32), second[useful].astype(np.int32)  # type: ignore[assignment]
        self._waiting.append((first, second, similarity[useful]))
        self._count += len(first)
        if self._count > self._room:
            self.pairs()
            self._room = self._count + self._size * self._limit

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
        # One number by which to sort: above the first end, below how far the similarity is from 2, as bits that rise.
        distance = (np.float32(2) - similarity).view(np.uint32)
        order = np.argsort((first.astype(np.uint64) << np.uint64(32)) | distance)
        first = first[order]
        begin = np.flatnonzero(np.diff(first, prepend=-1))
        place = np.arange(len(first)) - np.repeat(begin, np.diff(begin, append=len(first)))
        kept = place < self._limit
        last = place == self._limit - 1
        self.least = self.least.copy()
        self.least[first[last]] = similarity[order[last]]
        order = order[kept]
        hits = first[kept], second[order], similarity[order]
        self._waiting, self._count = [hits], len(order)
        return hits


def pairs_of_blocks(count: int, size: int) -> list[Pair]:
    """Every pair of blocks of so many of `count` vectors, once."""
    blocks = [slice(start, start + size) for start in range(0, count, size)]
    return list(combinations_with_replacement(blocks, 2))


class _Blocks(Protocol):
    """What compares blocks of vectors.

    Attributes:
        order: (n,) which vector lies where.
    """

    order: Ids

    def pairs(self) -> list[Pair]:
        """Every pair of blocks, once, in the order in which to compare them."""
        ...

    def threads(self) -> AbstractContextManager[Executor]:
        """What compares them."""
        ...

    def hits(self, left: slice, right: slice, floor: float, limit: int, least: Floats) -> Hits:
        """See `find_hits`; pairs that are below the `least` (n,) of both ends may be left out."""
        ...


def _blocks(vectors: Vectors, full_limit: int) -> _Blocks:
    if MIN_FOR_GPU <= len(vectors) <= GPU_LIMIT and _has_gpu():
        return _GpuBlocks(vectors)
    if len(vectors) <= full_limit:
        return _CpuBlocks(vectors)
    from surveil.identities.outlines import Outlines

    return Outlines(vectors)


class _CpuBlocks:
    """Comparing blocks of vectors on the CPU."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors, self.order = vectors, np.arange(len(vectors))

    def pairs(self) -> list[Pair]:
        return pairs_of_blocks(len(self._vectors), BLOCK)

    def threads(self) -> Executor:
        return ThreadPoolExecutor(1)

    def hits(self, left: slice, right: slice, floor: float, limit: int, least: Floats) -> Hits:
        a, b = (self._vectors[part].astype(np.float32, copy=False) for part in (left, right))
        return find_hits(a, b, floor, limit)


class _GpuBlocks:
    """Comparing blocks of vectors on a GPU, where all of them lie."""

    def __init__(self, vectors: Vectors, device: str = "cuda") -> None:
        import torch

        self._vectors, self.order = torch.from_numpy(vectors).to(device), np.arange(len(vectors))

    def pairs(self) -> list[Pair]:
        return pairs_of_blocks(len(self._vectors), BLOCK)

    def threads(self) -> Executor:
        return ThreadPoolExecutor(1)

    def hits(self, left: slice, right: slice, floor: float, limit: int, least: Floats) -> Hits:
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


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()
