"""From attributes to people, as an operator asks: describe somebody in words, rank the gallery by that alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from surveil.attributes import ATTRIBUTES
from surveil.market1501_names import JUNK
from surveil.types import Floats


@dataclass(frozen=True, slots=True)
class AttributeQueryResult:
    """How well descriptions find people; all 0 to 1.

    Attributes:
        mean_average_precision: Over the descriptions; every image of a person whom one fits is a match.
        rank1: Share of the descriptions whose first image is a match.
        chance: The mean average precision of a random order.
        queries: Distinct descriptions.
    """

    mean_average_precision: float
    rank1: float
    chance: float
    queries: int

    def summary(self) -> dict[str, float | int]:
        """For JSON."""
        return {
            "mAP": self.mean_average_precision,
            "rank1": self.rank1,
            "chance_mAP": self.chance,
            "queries": self.queries,
        }


def evaluate_attribute_queries(
    probabilities: Floats, ids: NDArray[np.int64], targets: dict[int, Floats]
) -> AttributeQueryResult:
    """Rank a gallery for every distinct combination of the 12 attributes among its people.

    An image's score is the product of the probabilities of the 12 labels, as in a search by attributes.

    Args:
        probabilities: (G, 32) of the gallery.
        ids: (G,) identities; distractors (0) fit no description, junk (-1) is left out.
        targets: (32,) attributes of every identity above 0.
    """
    kept = ids != JUNK
    ids, labels = ids[kept], _labels(probabilities[kept])
    people = np.unique(ids[ids > 0])
    described, which = np.unique(
        np.stack([_labels(targets[int(person)][None])[0] for person in people]), axis=0, return_inverse=True
    )
    scores = described @ np.log(np.maximum(labels, 1e-9)).T
    fits = dict(zip(people.tolist(), which.tolist(), strict=True))
    description = np.array([fits.get(int(person), -1) for person in ids])
    precisions, first, chances = [], [], []
    for query, row in enumerate(scores):
        right = description == query
        precisions.append(average_precision_score(right, row))
        first.append(right[row.argmax()])
        chances.append(_chance(int(right.sum()), len(right)))
    return AttributeQueryResult(
        float(np.mean(precisions)), float(np.mean(first)), float(np.mean(chances)), len(described)
    )


def _labels(outputs: Floats) -> Floats:
    """(N, labels of all attributes) from (N, 32) outputs."""
    return np.concatenate([attribute.probabilities(outputs) for attribute in ATTRIBUTES], axis=1)


def _chance(right: int, images: int) -> float:
    """The expected average precision of a random order of `images`, `right` of which are matches."""
    harmonic = float((1 / np.arange(1, images + 1)).sum())
    return (harmonic + (right - 1) / max(1, images - 1) * (images - harmonic)) / images
