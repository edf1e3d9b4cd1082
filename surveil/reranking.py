"""Re-ranking by k-reciprocal neighbours (Zhong et al., "Re-ranking person re-identification", CVPR 2017).

Two images are alike when they are among each other's nearest, and when their nearest are the same images: the distance
of a query and a gallery image becomes a mixture of their own and of the Jaccard distance of their neighbourhoods. Only
the neighbourhoods are kept, as sparse rows, so memory grows with the number of images and not with its square.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from surveil.errors import DatasetError
from surveil.types import Floats

_BLOCK = 512


def reranked_similarities(
    queries: Floats, gallery: Floats, *, k1: int = 20, k2: int = 6, own_share: float = 0.3
) -> Floats:
    """(Q, G) similarities from 0 to 1 to rank the gallery by; the defaults are the paper's for Market-1501.

    Args:
        queries: (Q, D) of unit length.
        gallery: (G, D) of unit length.
        k1: How many nearest images count as neighbours.
        k2: Over how many nearest images a neighbourhood is averaged.
        own_share: Weight of the images' own distance against that of their neighbourhoods (lambda in the paper).

    Raises:
        DatasetError: There are not more than `k1` images.
    """
    vectors = np.concatenate([queries, gallery])
    if len(vectors) <= k1:
        raise DatasetError(
            f"re-ranking by {k1} neighbours needs more than {k1} images, there are {len(vectors)}",
            next_step="Measure without re-ranking.",
        )
    nearest, farthest = _nearest(vectors, k1 + 1)
    hoods = _neighbourhoods(nearest, vectors, farthest, k1)
    if k2 > 1:
        hoods = _averaging(nearest[:, :k2]) @ hoods
    own = np.maximum(2 - 2 * queries @ gallery.T, 0) / farthest[: len(queries), None]
    shared = _shared(hoods[: len(queries)], hoods[len(queries) :])
    # Rows of `hoods` sum to 1, so the union of two of them is 2 less what they share.
    similarities: Floats = (1 - own_share) * shared / (2 - shared) + own_share * (1 - own)
    return similarities.astype(np.float32, copy=False)


def _nearest(vectors: Floats, count: int) -> tuple[NDArray[np.int64], Floats]:
    """(N, count) nearest images of each, itself among them, and (N,) the largest distance of each.

    Distances are squared Euclidean ones, here and below each row divided by its largest, as in the paper's own code.
    """
    nearest = np.empty((len(vectors), count), np.int64)
    farthest = np.empty(len(vectors), np.float32)
    for start in range(0, len(vectors), _BLOCK):
        rows = slice(start, start + _BLOCK)
        block = np.maximum(2 - 2 * vectors[rows] @ vectors.T, 0)
        some = np.argpartition(block, count - 1, axis=1)[:, :count]
        order = np.argsort(np.take_along_axis(block, some, axis=1), axis=1, kind="stable")
        nearest[rows] = np.take_along_axis(some, order, axis=1)
        farthest[rows] = block.max(axis=1)
    return nearest, farthest


def _neighbourhoods(nearest: NDArray[np.int64], vectors: Floats, farthest: Floats, k1: int) -> csr_array:
    """(N, N) sparse: the weight of each image in the neighbourhood of each; rows sum to 1."""
    reciprocal, close = _reciprocal(nearest, k1 + 1), _reciprocal(nearest, round(k1 / 2) + 1)
    columns = [_expanded(own, close) for own in reciprocal]
    starts = np.cumsum([0, *(len(own) for own in columns)])
    weights = []
    for row, own in enumerate(columns):
        distance = np.maximum(2 - 2 * vectors[own] @ vectors[row], 0) / farthest[row]
        weight = np.exp(-distance)
        weights.append(weight / weight.sum())
    content = (np.concatenate(weights), np.concatenate(columns), starts)
    return csr_array(content, shape=(len(vectors), len(vectors)))


def _reciprocal(nearest: NDArray[np.int64], count: int) -> list[NDArray[np.int64]]:
    """Of each image those among its `count` nearest that have it among theirs."""
    near = nearest[:, :count]
    mutual = (near[near] == np.arange(len(near))[:, None, None]).any(axis=2)
    return [row[both] for row, both in zip(near, mutual, strict=True)]


def _expanded(own: NDArray[np.int64], close: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """A reciprocal set with the closer sets of its members that lie in it by more than two thirds."""
    parts = [own]
    for member in own:
        other = close[member]
        if np.isin(other, own).sum() > 2 / 3 * len(other):
            parts.append(other)
    return np.unique(np.concatenate(parts))


def _averaging(nearest: NDArray[np.int64]) -> csr_array:
    n, k = nearest.shape
    return csr_array((np.full(n * k, 1 / k, np.float32), nearest.ravel(), np.arange(0, n * k + 1, k)), shape=(n, n))


def _shared(first: csr_array, second: csr_array) -> Floats:
    """(A, B) sums of the element-wise minima of every row of one and every row of the other."""
    by_image = second.tocsc()
    shared = np.zeros((first.shape[0], second.shape[0]), np.float32)
    for row in range(first.shape[0]):
        inside = slice(first.indptr[row], first.indptr[row + 1])
        for image, weight in zip(first.indices[inside], first.data[inside], strict=True):
            holders = slice(by_image.indptr[image], by_image.indptr[image + 1])
            shared[row, by_image.indices[holders]] += np.minimum(weight, by_image.data[holders])
    return shared
