"""Average linkage of groups that have a size already, some of which can never be one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surveil.types import Floats

Ids = NDArray[np.int64]


def average_linkage(sums: Floats, sizes: Ids, threshold: float, conflicts: NDArray[np.bool_] | None = None) -> Ids:
    """Merge the two most similar groups while the mean similarity between their members is at least a threshold.

    The group average (Sokal and Michener, "A statistical method for evaluating systematic relationships", 1958) of
    dot products: the mean over all pairs of two groups is the dot product of their means, so that groups of any size
    can be the start. By nearest-neighbour chains (Murtagh, "A survey of recent advances in hierarchical clustering
    algorithms", 1983); the similarity of groups in conflict is minus infinity, and stays so for whatever they join.
    That keeps what chains need: a merged group is never nearer to a third than both its parts were.

    Args:
        sums: (m, d) sum of the vectors of each group, all of unit length.
        sizes: (m,) how many vectors that is.
        threshold: Least mean similarity of two groups that are one.
        conflicts: (m, m), symmetric: which groups can never be one.

    Returns:
        (m,) merged group of each, numbered from 0 in the order of the first member.
    """
    means = sums / sizes.astype(np.float32)[:, None]
    similarity: Floats = means @ means.T
    np.fill_diagonal(similarity, -np.inf)
    if conflicts is not None:
        similarity[conflicts] = -np.inf
    return number_groups(_chain(similarity, sizes.astype(np.float64), threshold))


def number_groups(labels: Ids) -> Ids:
    """The same groups, numbered from 0 in the order of the first member."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    order = np.empty(len(first), np.int64)
    order[np.argsort(first)] = np.arange(len(first))
    numbered: Ids = order[inverse]
    return numbered


def _chain(similarity: Floats, weight: NDArray[np.float64], threshold: float) -> Ids:
    """(m,) a label for each group, equal for those merged; overwrites both arrays."""
    merged_into = np.arange(len(weight))
    for begin in range(len(weight)):
        chain = [begin] if merged_into[begin] == begin else []
        while chain:
            here = chain[-1]
            row = similarity[here]
            nearest = int(row.argmax())
            if len(chain) > 1 and row[chain[-2]] >= row[nearest]:
                nearest = chain[-2]
            if row[nearest] < threshold or row[nearest] == -np.inf:
                # Nothing that the others merge to comes nearer than they are: this group is complete.
                similarity[:, here] = -np.inf
                chain.pop()
            elif len(chain) > 1 and nearest == chain[-2]:
                # Each other's nearest. The later one stands for both: its turn to begin is still to come.
                kept, gone = max(here, nearest), min(here, nearest)
                total = weight[kept] + weight[gone]
                similarity[kept] = (weight[kept] * similarity[kept] + weight[gone] * similarity[gone]) / total
                similarity[kept, kept] = -np.inf
                similarity[:, kept] = similarity[kept]
                similarity[:, gone] = -np.inf
                weight[kept], merged_into[gone] = total, kept
                del chain[-2:]
            else:
                chain.append(nearest)
    for group in range(len(weight) - 1, -1, -1):
        merged_into[group] = merged_into[merged_into[group]]
    return merged_into
