"""The report's protocol of re-identification: group the gallery, compare a query with the groups, return a group whole.

The gallery is clustered into as many groups as it shows people, which is told. A query is compared with the centroid of
each group by cosine, and the images of the nearest group are the answer, the most similar first. Its average precision
counts every image of the query's person in the gallery: one in another group was missed. Going on with the second
nearest group, and so on, ranks the whole gallery; both figures are given. There is no rule about cameras.

This is easier than the official protocol where people are few, and no figure of one can be set beside one of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.cluster.vq import kmeans2

from surveil.model.embed import l2_normalize
from surveil.types import Floats

Ids = NDArray[np.int64]
_KMEANS_ROUNDS = 30


@dataclass(frozen=True, slots=True)
class ClusterRetrieval:
    """What one way of grouping reaches.

    Attributes:
        method: Name of the clustering.
        vectors: What was clustered.
        mean_average_precision: MAP of the nearest group alone, as the report returns it; 0 to 1.
        ranked_mean_average_precision: MAP when the other groups follow.
        spread: Standard deviation of `mean_average_precision` over the draws of queries; 0 for one.
        draws: Number of draws.
        people: Identities in the gallery.
        gallery: Images in it.
    """

    method: str
    vectors: str
    mean_average_precision: float
    ranked_mean_average_precision: float
    spread: float
    draws: int
    people: int
    gallery: int


def k_means(vectors: Floats, clusters: int, seed: int) -> Ids:
    """(N,) group of each vector by Lloyd's algorithm, seeded by k-means++ (Arthur and Vassilvitskii, SODA 2007)."""
    centres = _spread_out(vectors, clusters, np.random.default_rng(seed))
    _, groups = kmeans2(vectors, centres, iter=_KMEANS_ROUNDS, minit="matrix", missing="warn")
    return groups.astype(np.int64)


def _spread_out(vectors: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Rows of `vectors`, each drawn in proportion to its squared distance from those drawn before."""
    chosen = [int(rng.integers(len(vectors)))]
    squares = np.square(vectors).sum(axis=1)
    nearest = np.full(len(vectors), np.inf)
    while len(chosen) < count:
        last = vectors[chosen[-1]]
        nearest = np.minimum(nearest, np.maximum(squares - 2 * vectors @ last + last @ last, 0))
        nearest[chosen] = 0
        chosen.append(int(rng.choice(len(vectors), p=nearest / nearest.sum())))
    return vectors[chosen]


def agglomerative(linked: Literal["ward", "average"], vectors: Floats, clusters: int, _seed: int) -> Ids:
    """(N,) group of each vector, joined from the bottom up; this needs N² / 2 distances of 8 bytes and no chance."""
    if len(vectors) == 1:
        return np.zeros(1, np.int64)
    groups: Ids = fcluster(linkage(vectors, method=linked), clusters, criterion="maxclust").astype(np.int64) - 1
    return groups


METHODS: Mapping[str, Callable[[Floats, int, int], Ids]] = {
    "k-means": k_means,
    "Ward's linkage": partial(agglomerative, "ward"),
    "average linkage": partial(agglomerative, "average"),
}
"""The report does not say which agglomerative clustering it took; average linkage is that of `surveil cluster`."""


def draw_queries(ids: Ids, draws: int, seed: int) -> Iterator[Ids]:
    """Indices of one random image of every identity, several times; who has one image only is no query."""
    rng = np.random.default_rng(seed)
    people = [np.flatnonzero(ids == person) for person in np.unique(ids)]
    for _ in range(draws):
        yield np.array([rng.choice(own) for own in people if len(own) > 1], np.int64)


def evaluate_draws(vectors: Mapping[str, Floats], ids: Ids, *, draws: int, seed: int = 0) -> list[ClusterRetrieval]:
    """The protocol on one folder of known people: queries are drawn from it, the rest is the gallery.

    Args:
        vectors: (N, D) by what they are.
        ids: (N,) identities.
        draws: How often queries are drawn; the figures are averages.
        seed: Decides the draws and the seeds of k-means.
    """
    found = []
    for name, method in METHODS.items():
        for kind, whole in vectors.items():
            scores = []
            for queries in draw_queries(ids, draws, seed):
                rest = np.setdiff1d(np.arange(len(ids)), queries)
                people = len(np.unique(ids[rest]))
                groups = method(l2_normalize(whole[rest]), people, seed)
                scores.append(
                    score(l2_normalize(whole[queries]), ids[queries], l2_normalize(whole[rest]), ids[rest], groups)
                )
            found.append(_summary(name, kind, scores, people, len(rest)))
    return found


def evaluate_test(
    queries: Mapping[str, Floats], query_ids: Ids, gallery: Mapping[str, Floats], gallery_ids: Ids, *, seed: int = 0
) -> list[ClusterRetrieval]:
    """The protocol on the test folder, junk and distractors in it: one group more than there are people for them."""
    people = len(np.unique(gallery_ids[gallery_ids > 0]))
    found = []
    for name, method in METHODS.items():
        for kind in queries:
            groups = method(l2_normalize(gallery[kind]), people + 1, seed)
            scores = score(l2_normalize(queries[kind]), query_ids, l2_normalize(gallery[kind]), gallery_ids, groups)
            found.append(_summary(name, kind, [scores], people, len(gallery_ids)))
    return found


def score(queries: Floats, query_ids: Ids, gallery: Floats, gallery_ids: Ids, groups: Ids) -> tuple[float, float]:
    """MAP of the nearest group alone, and of all groups from the nearest to the farthest.

    Args:
        queries: (Q, D) of unit length.
        query_ids: (Q,) identities, each of which the gallery shows.
        gallery: (G, D) of unit length.
        gallery_ids: (G,) identities.
        groups: (G,) group of each image.
    """
    numbers, groups = np.unique(groups, return_inverse=True)
    totals = np.zeros((len(numbers), gallery.shape[1]), np.float32)
    np.add.at(totals, groups, gallery)
    nearness = queries @ l2_normalize(totals).T
    alone, ranked = [], []
    for query, person, near in zip(queries, query_ids, nearness, strict=True):
        order = np.lexsort((-(gallery @ query), -near[groups]))
        right = gallery_ids[order] == person
        precision = np.cumsum(right) / np.arange(1, len(right) + 1)
        returned = np.arange(len(right)) < (groups == near.argmax()).sum()
        alone.append((precision * right * returned).sum() / right.sum())
        ranked.append((precision * right).sum() / right.sum())
    return float(np.mean(alone)), float(np.mean(ranked))


def _summary(
    method: str, vectors: str, scores: list[tuple[float, float]], people: int, gallery: int
) -> ClusterRetrieval:
    alone, ranked = np.array(scores).T
    return ClusterRetrieval(
        method, vectors, float(alone.mean()), float(ranked.mean()), float(alone.std()), len(scores), people, gallery
    )
