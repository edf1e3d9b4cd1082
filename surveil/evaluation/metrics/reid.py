"""The official re-identification protocol of Market-1501, on embeddings as plain arrays.

For every query the gallery is ranked by similarity (dot product). Junk (identity -1) is no part of the gallery,
distractors (identity 0) are; gallery images of the query's own identity *and* camera are passed over. A query for which
nothing is left to find is left out of the averages and counted.

Average precision is the mean of the precision at each match, as published figures are computed today; the dataset's own
MATLAB code joins the same points by trapezoids instead. Equal similarities rank in gallery order. scikit-learn's
`average_precision_score` gives the same once the images passed over are left out and no two are equally similar; it
knows neither rule, and sorts all 15,913 images of the full gallery to place the 15 or so that match.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surveil.errors import DatasetError
from surveil.market1501_names import JUNK
from surveil.types import Floats

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ReIDResult:
    """How well a gallery was ranked; all arrays are (queries given,), NaN or -1 for a query without any match.

    Attributes:
        average_precision: Per query, 0 to 1.
        inverse_negative_penalty: Per query, number of matches / rank of the last one (Ye et al., "Deep learning for
            person re-identification: a survey and outlook", 2021).
        first_match: Per query, how many wrong images rank before the first match.
        gallery: Images in the gallery, junk not counted.
    """

    average_precision: NDArray[np.float64]
    inverse_negative_penalty: NDArray[np.float64]
    first_match: Ids
    gallery: int

    @property
    def queries(self) -> int:
        """Queries that have a match."""
        return int((self.first_match >= 0).sum())

    @property
    def unmatched(self) -> int:
        """Queries without any match, left out of every average."""
        return len(self.first_match) - self.queries

    @property
    def mean_average_precision(self) -> float:
        """mAP, 0 to 1."""
        return float(np.nanmean(self.average_precision))

    def rank(self, k: int) -> float:
        """CMC: the share of queries with a match among the first `k`, 0 to 1."""
        return float((self.first_match[self.first_match >= 0] < k).mean())

    def summary(self) -> dict[str, float | int]:
        """The figures that are reported, by the names the field uses."""
        return {
            "mAP": self.mean_average_precision,
            "rank1": self.rank(1),
            "rank5": self.rank(5),
            "rank10": self.rank(10),
            "mINP": float(np.nanmean(self.inverse_negative_penalty)),
            "queries": self.queries,
            "unmatched": self.unmatched,
            "gallery": self.gallery,
        }


def evaluate_ranking(
    query_embeddings: Floats,
    query_ids: Ids,
    query_cameras: Ids,
    gallery_embeddings: Floats,
    gallery_ids: Ids,
    gallery_cameras: Ids,
    *,
    block: int = 256,
) -> ReIDResult:
    """Rank the gallery for each query and score the ranking.

    Args:
        query_embeddings: (Q, D); the similarity is the dot product, so give unit vectors for the cosine.
        query_ids: (Q,) identities.
        query_cameras: (Q,) cameras.
        gallery_embeddings: (G, D).
        gallery_ids: (G,) identities; -1 is junk.
        gallery_cameras: (G,) cameras.
        block: Queries at a time; memory is about block x G x 8 bytes.

    Raises:
        DatasetError: No query has a match in the gallery.
        ValueError: Lengths differ, or an embedding is not finite.
    """
    _check(query_embeddings, query_ids, query_cameras)
    _check(gallery_embeddings, gallery_ids, gallery_cameras)
    rows = _similarities(query_embeddings, gallery_embeddings, block)
    return _evaluate(rows, query_ids, query_cameras, gallery_ids, gallery_cameras)


def evaluate_similarities(
    similarities: Floats, query_ids: Ids, query_cameras: Ids, gallery_ids: Ids, gallery_cameras: Ids
) -> ReIDResult:
    """Score a ranking by (Q, G) similarities of any kind, higher is nearer; else as `evaluate_ranking`."""
    if similarities.shape != (len(query_ids), len(gallery_ids)):
        raise ValueError(f"{similarities.shape} similarities of {len(query_ids)} queries and {len(gallery_ids)} images")
    _check(similarities, query_ids, query_cameras)
    return _evaluate(iter(similarities), query_ids, query_cameras, gallery_ids, gallery_cameras)


def _evaluate(
    similarities: Iterator[Floats], query_ids: Ids, query_cameras: Ids, gallery_ids: Ids, gallery_cameras: Ids
) -> ReIDResult:
    kept = gallery_ids != JUNK
    ids, cameras = gallery_ids[kept], gallery_cameras[kept]
    ap, inp = np.full((2, len(query_ids)), np.nan)
    first = np.full(len(query_ids), -1, np.int64)
    for query, row in enumerate(similarities):
        same = ids == query_ids[query]
        other_camera = cameras != query_cameras[query]
        ranks = _ranks_of_matches(row[kept], same & other_camera, ~same | other_camera)
        if len(ranks):
            found = np.arange(1, len(ranks) + 1)
            ap[query] = (found / (ranks + 1)).mean()
            inp[query] = len(ranks) / (ranks[-1] + 1)
            first[query] = ranks[0]
    if (first < 0).all():
        raise DatasetError(
            f"none of {len(first)} queries shows an identity that another camera of the gallery saw",
            next_step="Check that query and gallery belong together.",
        )
    return ReIDResult(ap, inp, first, len(ids))


def best_matches(
    query_embedding: Floats,
    query_id: int,
    query_camera: int,
    gallery_embeddings: Floats,
    gallery_ids: Ids,
    gallery_cameras: Ids,
    count: int,
) -> Ids:
    """Rows of the gallery, best first, that the protocol shows for one query: (count,) or fewer."""
    candidates = np.flatnonzero((gallery_ids != JUNK) & ((gallery_ids != query_id) | (gallery_cameras != query_camera)))
    order = np.argsort(-(gallery_embeddings[candidates] @ query_embedding), kind="stable")
    best: Ids = candidates[order[:count]]
    return best


def _check(embeddings: Floats, ids: Ids, cameras: Ids) -> None:
    if not len(embeddings) == len(ids) == len(cameras):
        raise ValueError(f"{len(embeddings)} embeddings, {len(ids)} identities and {len(cameras)} cameras")
    if not np.isfinite(embeddings).all():
        raise ValueError("embeddings must be finite")


def _similarities(queries: Floats, gallery: Floats, block: int) -> Iterator[Floats]:
    """(G,) similarities of each query, computed a block of queries at a time."""
    for start in range(0, len(queries), block):
        yield from queries[start : start + block] @ gallery.T


def _ranks_of_matches(
    similarities: Floats, matches: NDArray[np.bool_], candidates: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Ranks, from 0 and ascending, of the matches among the candidates; equal similarities in gallery order.

    Only the matches need a rank: a plain sort of the values and a binary search for each are several times faster than
    a stable argsort of the whole gallery.
    """
    wanted = similarities[matches]
    ordered = np.sort(similarities[candidates])
    end = np.searchsorted(ordered, wanted, side="right")
    equal = end - np.searchsorted(ordered, wanted, side="left")
    ranks: NDArray[np.int64] = len(ordered) - end
    for row in np.flatnonzero(equal > 1):
        earlier = slice(0, int(np.flatnonzero(matches)[row]))
        ranks[row] += int((candidates[earlier] & (similarities[earlier] == wanted[row])).sum())
    ranks.sort()
    return ranks
