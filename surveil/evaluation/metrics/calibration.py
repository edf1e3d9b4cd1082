"""Whether probabilities mean what they say: of attributes, and of two pictures showing one person.

scikit-learn's `calibration_curve` has neither the weights that pairs need nor the bins' own weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surveil.evaluation.metrics.reid import Ids
from surveil.types import Floats

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PairSimilarities:
    """How similar pairs of pictures from two cameras are, counted in bins of similarity.

    Attributes:
        edges: (bins + 1,) from -1 to 1.
        same: (bins,) pairs that show one person.
        different: (bins,) pairs that show two.
    """

    edges: Points
    same: Ids
    different: Ids

    @property
    def centres(self) -> Points:
        """(bins,) the middle of each bin."""
        middle: Points = (self.edges[1:] + self.edges[:-1]) / 2
        return middle


def pair_similarities(
    query_embeddings: Floats,
    query_ids: Ids,
    query_cameras: Ids,
    gallery_embeddings: Floats,
    gallery_ids: Ids,
    gallery_cameras: Ids,
    *,
    bins: int = 400,
    block: int = 256,
) -> PairSimilarities:
    """Count all pairs of a query and a gallery image of another camera; distractors and junk are left out.

    Args:
        query_embeddings: (Q, D) unit vectors.
        query_ids: (Q,) identities.
        query_cameras: (Q,) cameras.
        gallery_embeddings: (G, D) unit vectors.
        gallery_ids: (G,) identities; 0 is a distractor, -1 junk.
        gallery_cameras: (G,) cameras.
        bins: Bins from -1 to 1.
        block: Queries at a time; memory is about block x G x 8 bytes.
    """
    edges = np.linspace(-1, 1, bins + 1)
    known = gallery_ids > 0
    gallery, ids, cameras = gallery_embeddings[known], gallery_ids[known], gallery_cameras[known]
    same, different = np.zeros((2, bins), np.int64)
    for start in range(0, len(query_ids), block):
        rows = slice(start, start + block)
        similarities = (query_embeddings[rows] @ gallery.T).clip(-1, 1)
        other_camera = query_cameras[rows, None] != cameras
        one_person = query_ids[rows, None] == ids
        same += np.histogram(similarities[one_person & other_camera], edges)[0]
        different += np.histogram(similarities[~one_person & other_camera], edges)[0]
    return PairSimilarities(edges, same, different)


@dataclass(frozen=True, slots=True, eq=False)
class ReliabilityCurve:
    """How often answers given with a confidence are right, in bins of equal width from 0 to 1.

    Attributes:
        confidence: (bins,) mean confidence; NaN in an empty bin.
        accuracy: (bins,) share that is right; NaN in an empty bin.
        weight: (bins,) share of all answers; sums to 1.
    """

    confidence: Points
    accuracy: Points
    weight: Points

    @property
    def error(self) -> float:
        """Expected calibration error, 0 to 1: the gaps between the two, weighted (Guo et al., ICML 2017)."""
        return float(np.nansum(self.weight * np.abs(self.confidence - self.accuracy)))


def reliability_curve(
    confidence: Points, right: Points, weight: Points | None = None, *, bins: int = 15
) -> ReliabilityCurve:
    """Bin answers by their confidence.

    Args:
        confidence: (N,) from 0 to 1.
        right: (N,) 1 where the answer is right; shares in between where a row stands for many.
        weight: (N,) how much each row counts; equally if not given.
        bins: How many.
    """
    weight = np.ones(len(confidence)) if weight is None else weight
    which = np.minimum((np.asarray(confidence) * bins).astype(int), bins - 1)
    total = np.bincount(which, weight, bins)
    with np.errstate(invalid="ignore"):
        return ReliabilityCurve(
            np.bincount(which, weight * confidence, bins) / total,
            np.bincount(which, weight * right, bins) / total,
            total / total.sum(),
        )


def chance_error(confidence: Points, people: Ids, *, draws: int = 100, seed: int = 0) -> float:
    """The expected calibration error of answers that are right just as often as they claim.

    It is above zero because there are only so many people. Simulated: the images of a person share their luck, a number
    from 0 to 1, and the answers that claim more than that are right.

    Args:
        confidence: (N,) from 0 to 1.
        people: (N,) whom each image shows.
        draws: Simulations to average.
        seed: Of the simulations.
    """
    found, who = np.unique(people, return_inverse=True)
    luck = np.random.default_rng(seed).random((draws, len(found)))
    return float(
        np.mean([reliability_curve(confidence, (own[who] < confidence).astype(np.float64)).error for own in luck])
    )


def same_person_reliability(pairs: PairSimilarities, probability: Points, *, bins: int = 15) -> ReliabilityCurve:
    """Of the probability that two pictures show one person, as if half of all pairs did.

    Args:
        pairs: Counted pairs.
        probability: (bins of `pairs`,) what is claimed at each bin's centre.
        bins: Bins of probability.
    """
    same, different = pairs.same / pairs.same.sum(), pairs.different / pairs.different.sum()
    weight = (same + different) / 2
    with np.errstate(invalid="ignore"):
        share = np.nan_to_num(same / (same + different))
    return reliability_curve(probability, share, weight, bins=bins)
