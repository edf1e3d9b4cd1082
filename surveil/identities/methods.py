"""The report's two ways of grouping, which must be told how many people there are."""

from __future__ import annotations

from typing import Literal

import numpy as np

from surveil.errors import QueryError
from surveil.identities.constraints import Constraints
from surveil.identities.graph import Ids, Vectors
from surveil.identities.grouping import MAX_TOGETHER
from surveil.identities.linkage import average_linkage, number_groups

Method = Literal["graph", "k-means", "agglomerative"]
MAX_AGGLOMERATIVE = 20_000
"""Each is compared with each: 1.6 GB of distances at this size."""


def group_into(vectors: Vectors, people: int, method: Method, constraints: Constraints) -> Ids:
    """So many groups by k-means or by agglomerative clustering; more where a constraint would be violated.

    Both are scikit-learn's; the report does not say which linkage it took, ours is the average.

    Args:
        vectors: (n, d) of unit length.
        people: How many groups.
        method: "k-means" or "agglomerative".
        constraints: What is never violated.

    Returns:
        (n,) group of each, from 0 in the order of the first member.

    Raises:
        QueryError: There are fewer sightings than people, or too many for this method.
    """
    if not 1 <= people <= len(vectors):
        raise QueryError(f"{len(vectors)} sightings cannot be {people} people", "--people")
    wide = vectors.astype(np.float32, copy=False)
    if method == "k-means":
        from sklearn.cluster import KMeans

        groups = KMeans(people, n_init=1, random_state=0).fit_predict(wide)
    else:
        from sklearn.cluster import AgglomerativeClustering

        if len(vectors) > MAX_AGGLOMERATIVE:
            raise QueryError(
                f"{len(vectors)} sightings are too many to compare each with each (at most {MAX_AGGLOMERATIVE})",
                "--method agglomerative",
                "Take another method: graph and k-means know no limit.",
            )
        groups = AgglomerativeClustering(people, metric="cosine", linkage="average").fit_predict(wide)
    return respect(vectors, groups.astype(np.int64), constraints)


def respect(vectors: Vectors, groups: Ids, constraints: Constraints) -> Ids:
    """The same groups, changed as little as the constraints ask for.

    A bundle goes where most of it is; a group that holds a conflict is divided by average linkage, without a threshold.
    """
    bundles = constraints.bundles
    votes, counts = np.unique(np.column_stack([bundles, groups]), axis=0, return_counts=True)
    order = np.lexsort((-counts, votes[:, 0]))
    groups = votes[order[np.unique(votes[order, 0], return_index=True)[1]], 1][bundles]
    result = np.empty(len(groups), np.int64)
    made = 0
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        divided = _divide(vectors, members, constraints)
        result[members] = made + divided
        made += int(divided.max()) + 1
    return number_groups(result)


def _divide(vectors: Vectors, members: Ids, constraints: Constraints) -> Ids:
    """(k,) part of each member, from 0; one part where nothing is in conflict."""
    names, bundle = np.unique(constraints.bundles[members], return_inverse=True)
    if len(names) > MAX_TOGETHER:
        halves = [members[bundle < len(names) // 2], members[bundle >= len(names) // 2]]
        parts = [_divide(vectors, half, constraints) for half in halves]
        divided = np.empty(len(members), np.int64)
        divided[bundle < len(names) // 2], divided[bundle >= len(names) // 2] = parts[0], parts[1] + parts[0].max() + 1
        return divided
    conflicts = constraints.conflicts(members, bundle, len(names))
    if not conflicts.any():
        return np.zeros(len(members), np.int64)
    order = np.argsort(bundle, kind="stable")
    sizes = np.bincount(bundle)
    sums = np.add.reduceat(vectors[members[order]].astype(np.float32), sizes.cumsum() - sizes, axis=0)
    return average_linkage(sums, sizes, -np.inf, conflicts)[bundle]
