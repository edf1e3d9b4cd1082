"""Average linkage of embeddings, with pairs that are never joined."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from surveil.errors import StoreError
from surveil.types import Floats

MOST_SIGHTINGS = 20_000
"""All pairs are kept in memory, 8 bytes each, twice: 3.2 GB at this size."""
_BLOCK = 512

Pairs = NDArray[np.int64]


def average_linkage(embeddings: Floats, threshold: float, apart: Pairs) -> NDArray[np.int64]:
    """Merge the two most similar groups while the mean similarity between them is at least a threshold.

    A pair that must stay apart gets so large a distance that the mean distance of any two groups which hold it stays
    above every threshold. So the constraint is hard, and the rest is the ordinary group average (Sokal and Michener,
    "A statistical method for evaluating systematic relationships", 1958): the mean over all pairs of two groups is
    still what decides, and a merge tree without inversions is still guaranteed.

    Args:
        embeddings: (n, 544) of unit length.
        threshold: Least mean similarity of two groups that are one.
        apart: (m, 2) indices of the pairs that are never in one group.

    Returns:
        (n,) group of each, numbered from 0 in the order of the first member.

    Raises:
        StoreError: There are more than `MOST_SIGHTINGS`.
    """
    n = len(embeddings)
    check_size(n)
    if n < 2:
        return np.zeros(n, np.int64)
    distances = _condensed_distances(embeddings)
    if len(apart):
        # Two groups have at most n²/4 pairs between them, so with one of n² the mean is at least 4; cosine ends at 2.
        distances[_condensed_index(apart, n)] = float(n) * n
    tree = linkage(distances, method="average")
    groups = fcluster(tree, 1 - threshold, criterion="distance")
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    order = np.empty(len(first), np.int64)
    order[np.argsort(first)] = np.arange(len(first))
    numbered: NDArray[np.int64] = order[inverse]
    return numbered


def check_size(n: int) -> None:
    """Refuse what would not fit into memory.

    Raises:
        StoreError: There are more than `MOST_SIGHTINGS`.
    """
    if n > MOST_SIGHTINGS:
        raise StoreError(
            f"{n} sightings are too many to compare each with each (at most {MOST_SIGHTINGS})",
            next_step="Cluster a smaller database.",
        )


def seen_together(places: NDArray[np.int64], first: NDArray[np.float64], last: NDArray[np.float64]) -> Pairs:
    """The pairs that were in view of one place at the same moment; nobody is twice in one picture.

    Args:
        places: (n,) what took the pictures; only pairs of the same place count.
        first: (n,) seconds at which each was first seen.
        last: (n,) seconds at which each was last seen, included.

    Returns:
        (m, 2) indices.
    """
    order = np.lexsort((last, first, places))
    edges = np.flatnonzero(np.diff(places[order])) + 1
    found = [np.zeros((0, 2), np.int64)]
    for start, stop in pairwise([0, *edges.tolist(), len(order)]):
        found += _overlapping(order[start:stop], first, last)
    return np.concatenate(found)


def _overlapping(members: NDArray[np.int64], first: NDArray[np.float64], last: NDArray[np.float64]) -> Iterator[Pairs]:
    """Pairs of members, sorted by `first`, whose closed intervals meet."""
    stops = np.searchsorted(first[members], last[members], side="right")
    for i, stop in enumerate(stops.tolist()):
        if stop > i + 1:
            yield np.column_stack([np.full(stop - i - 1, members[i]), members[i + 1 : stop]])


def _condensed_distances(embeddings: Floats) -> NDArray[np.float64]:
    """1 - similarity of every pair, in the order of scipy's condensed form."""
    n = len(embeddings)
    distances = np.empty(n * (n - 1) // 2)
    for start in range(0, n - 1, _BLOCK):
        rows = embeddings[start : start + _BLOCK]
        similarities = rows @ embeddings[start:].T
        for i, row in enumerate(similarities[: n - 1 - start]):
            at = _condensed_index(np.array([[start + i, start + i + 1]]), n)[0]
            distances[at : at + n - 1 - start - i] = 1 - row[i + 1 :]
    # Rounding can bring a pair of equals just below zero.
    return np.maximum(distances, 0, out=distances)


def _condensed_index(pairs: Pairs, n: int) -> NDArray[np.int64]:
    low, high = pairs.min(axis=1), pairs.max(axis=1)
    index: NDArray[np.int64] = low * n - low * (low + 1) // 2 + high - low - 1
    return index
