"""Outlines: a few small integers for each vector, by which most pairs are ruled out and no neighbour is missed.

A vector is its part in a subspace and a rest at right angles to it; the part is rounded to integers of 8 bits, which
leaves an error. The dot product of two vectors is that of their rounded parts, and at most so much more (Cauchy and
Schwarz): the error of each times the length of the other's part, and the product of the lengths of the rests. Pairs
that even so much more does not bring near enough are not compared in full.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from surveil.identities.graph import Hits, Ids, Pair, Vectors, find_hits, pairs_of_blocks
from surveil.identities.threads import single_threads
from surveil.types import Floats

SIZE = 256
"""Dimensions of the subspace. In more, fewer pairs are compared in full, and each costs more before that."""
BLOCK = 1024
"""Outlines compared with as many others at a time: 4 MiB of products."""
_LEARN_FROM = 20_000
"""Vectors from which the subspace is learned."""
_WIDTH = 4.5
"""Standard deviations that the integers reach; what is beyond becomes an error."""
_SLACK = 1e-4
"""More than float32 is wrong by."""

warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")

Integers = NDArray[np.int8]


class Outlines:
    """Compares blocks of vectors; in full only the pairs whose outlines do not rule it out.

    Vectors that are alike come to lie together, and blocks that are alike are compared first: so each vector has near
    neighbours early, and the others must be nearer still.

    Args:
        vectors: (n, d) of unit length.

    Attributes:
        order: (n,) which vector lies where. All hits are by place.
    """

    def __init__(self, vectors: Vectors) -> None:
        base, pivots = _learn(vectors)
        scale = 127 * np.sqrt(base.shape[1]) / _WIDTH
        size = len(vectors)
        # Filled up with zeros to whole blocks, so that products are always of one shape.
        small, nearest = np.zeros((-(-size // BLOCK) * BLOCK, SIZE), np.int8), np.empty(size, np.int64)
        error, rest = (np.empty(size, np.float32) for _ in range(2))
        for start in range(0, size, BLOCK):
            here = slice(start, start + BLOCK)
            block = vectors[here].astype(np.float32)
            part = block @ base
            rounded = np.clip(np.rint(part * scale), -127, 127)
            small[start : start + len(block), : base.shape[1]] = rounded
            nearest[here] = (part @ pivots.T).argmax(axis=1)
            error[here] = np.linalg.norm(part - rounded / scale, axis=1)
            beyond = (block**2).sum(axis=1) - (part**2).sum(axis=1)
            rest[here] = np.sqrt(np.maximum(beyond, 1e-6))  # more than rounding is wrong by
        self.order: Ids = np.argsort(nearest, kind="stable")
        self._vectors = vectors
        small[:size] = small[self.order]
        self._small, self._rest = small, rest[self.order]
        # A rounded part may be longer than the vector, by its error.
        self._error = error[self.order] * (1 + error.max(initial=0)) + np.float32(_SLACK)
        self._unit = scale**2
        self._multiply = _multiply_integers()

    def pairs(self) -> list[Pair]:
        """Every pair of blocks once, those first that are the most alike."""
        pairs = pairs_of_blocks(len(self.order), BLOCK)
        means = {left.start: self._small[left].mean(axis=0) for left, right in pairs if left == right}
        return sorted(pairs, key=lambda pair: -float(means[pair[0].start] @ means[pair[1].start]))

    def threads(self) -> AbstractContextManager[Executor]:
        return single_threads()

    def hits(self, left: slice, right: slice, floor: float, limit: int, least: Floats) -> Hits:
        """Pairs of a vector of one block and one of another, as `find_hits`, without those that cannot count."""
        products = self._multiply(self._small[left], self._small[right])
        products = products[: len(self.order[left]), : len(self.order[right])]
        rows, columns = (
            self._needed(ends, others, np.maximum(least[ends], floor)).astype(products.dtype)
            for ends, others in ((left, right), (right, left))
        )
        at = np.flatnonzero((products >= rows[:, None]) | (products >= columns))
        a, b = (torch.from_numpy(self._vectors[self.order[part]]).float() for part in (left, right))
        if len(at) > limit * sum(products.shape):  # a crowd of equals: comparing all is quicker
            return find_hits(a.numpy(), b.numpy(), floor, limit)
        i, j = np.divmod(at, products.shape[1])
        similarity = _similarity(a, b, i, j)
        reached = similarity >= floor
        return i[reached], j[reached], similarity[reached]

    def _needed(self, ends: slice, others: slice, least: Floats) -> Floats:
        """(k,) the least product of outlines with which one of `others` may reach the `least` (k,) of an end."""
        more = self._error[ends] + self._error[others].max() + self._rest[ends] * self._rest[others].max()
        needed: Floats = np.floor(self._unit * (least - more))
        return needed


def _similarity(left: torch.Tensor, right: torch.Tensor, i: Ids, j: Ids) -> Floats:
    """(m,) dot products of rows of `left` (a, d), which are told in order, and rows of `right` (b, d)."""
    starts = torch.from_numpy(np.searchsorted(i, np.arange(len(left) + 1)))
    asked = torch.sparse_csr_tensor(
        starts, torch.from_numpy(j), torch.zeros(len(j)), (len(left), len(right)), check_invariants=False
    )
    found: Floats = torch.sparse.sampled_addmm(asked, left, right.T, beta=0.0).values().numpy()
    return found


def _learn(vectors: Vectors) -> tuple[Floats, Floats]:
    """What outlines are made with, from a sample.

    Returns:
        (d, k) directions at right angles that hold the most of the sample, turned so that none holds more than others;
        (b, k) parts of as many vectors as there are blocks.
    """
    random = np.random.default_rng(0)
    sample = vectors[random.permutation(len(vectors))[:_LEARN_FROM]].astype(np.float32)
    directions = np.linalg.eigh((sample.T @ sample).astype(np.float64))[1][:, ::-1][:, :SIZE]
    turned = np.linalg.qr(random.normal(size=(directions.shape[1],) * 2))[0]
    base = np.ascontiguousarray(directions @ turned, np.float32)
    return base, sample[: -(-len(vectors) // BLOCK)] @ base


def _multiply_integers() -> Callable[[Integers, Integers], NDArray[Any]]:
    """What gives the products of the rows of two blocks, in memory that its thread uses again.

    They are int32, or float32 which holds such integers as exactly. Blocks are whole ones always: of matrices with one
    row or column PyTorch's product of integers has been wrong.
    """
    if not torch.cpu.get_capabilities().get("avx512_vnni"):  # without it PyTorch's integers are slower than its floats
        return lambda left, right: left.astype(np.float32) @ right.astype(np.float32).T
    memory = threading.local()

    def multiply(left: Integers, right: Integers) -> NDArray[np.int32]:
        if not hasattr(memory, "products"):
            memory.products = torch.empty((BLOCK, BLOCK), dtype=torch.int32)
        torch._int_mm(torch.from_numpy(left), torch.from_numpy(right).T, out=memory.products)
        products: NDArray[np.int32] = memory.products.numpy()
        return products

    return multiply
