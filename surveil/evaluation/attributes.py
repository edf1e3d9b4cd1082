"""How well attributes are recognised, always beside a constant predictor, which accuracy alone flatters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from surveil.attributes import ATTRIBUTES, OUTPUTS, Attribute
from surveil.types import Floats

Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scores:
    """Figures of one attribute, 0 to 1. None where the images cannot tell.

    Attributes:
        accuracy: Share of images whose likeliest label is right (top-1).
        balanced_accuracy: Mean over the labels that occur of the share of their images that are right.
        precision: Of a binary attribute: share of the images called positive that are; 0 when none was called so.
        recall: Of a binary attribute: share of the positive images that were called so; None when there is none.
        f1: Harmonic mean of precision and recall; None when no image is positive.
    """

    accuracy: float
    balanced_accuracy: float
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None


@dataclass(frozen=True, slots=True)
class AttributeResult:
    """One attribute.

    Attributes:
        attribute: Its entry in the table; a binary one's positive label is its second.
        model: What the model scores.
        constant: What always answering `majority` scores.
        majority: The commonest label of the evaluated images themselves: no other constant is more accurate there.
    """

    attribute: Attribute
    model: Scores
    constant: Scores
    majority: str


@dataclass(frozen=True, slots=True)
class AttributesResult:
    """All 12 attributes over a number of images."""

    images: int
    attributes: tuple[AttributeResult, ...]

    def means(self) -> dict[str, float | None]:
        """Plain means over attributes; F1 over the binary ones of which some image is positive."""
        results = self.attributes
        return {
            "accuracy": _mean([r.model.accuracy for r in results]),
            "balanced_accuracy": _mean([r.model.balanced_accuracy for r in results]),
            "f1_binary": _mean([r.model.f1 for r in results]),
            "constant_accuracy": _mean([r.constant.accuracy for r in results]),
            "constant_balanced_accuracy": _mean([r.constant.balanced_accuracy for r in results]),
            "constant_f1_binary": _mean([r.constant.f1 for r in results]),
        }

    def summary(self) -> dict[str, object]:
        """For JSON."""
        return {
            "images": self.images,
            "means": self.means(),
            "each": {r.attribute.name: _row(r) for r in self.attributes},
        }


def evaluate_attributes(probabilities: Floats, targets: Floats) -> AttributesResult:
    """Score attribute probabilities against annotations. An image's answer is its likeliest label.

    Args:
        probabilities: (N, 32) as the model gives them.
        targets: (N, 32), 0 or 1. Images without annotations (distractors, junk) must have been left out.

    Raises:
        ValueError: The shapes are not (N, 32) with N of at least 1.
    """
    if probabilities.shape != targets.shape or targets.ndim != 2 or targets.shape[1] != OUTPUTS or not len(targets):
        raise ValueError(f"expected two arrays (N, {OUTPUTS}), N >= 1; got {probabilities.shape} and {targets.shape}")
    return AttributesResult(len(targets), tuple(_evaluate(a, probabilities, targets) for a in ATTRIBUTES))


def _evaluate(attribute: Attribute, probabilities: Floats, targets: Floats) -> AttributeResult:
    truth: Labels = attribute.probabilities(targets).argmax(axis=1)
    predicted: Labels = attribute.probabilities(probabilities).argmax(axis=1)
    majority = int(np.bincount(truth).argmax())
    score: Callable[[Labels, Labels], Scores] = _score if attribute.exclusive else _score_binary
    constant = score(np.full_like(truth, majority), truth)
    return AttributeResult(attribute, score(predicted, truth), constant, attribute.labels[majority])


def _score(predicted: Labels, truth: Labels) -> Scores:
    right = predicted == truth
    recalls = [right[truth == label].mean() for label in np.unique(truth)]
    return Scores(float(right.mean()), float(np.mean(recalls)))


def _score_binary(predicted: Labels, truth: Labels) -> Scores:
    both = _score(predicted, truth)
    called, positive = int(predicted.sum()), int(truth.sum())
    hits = int((predicted & truth).sum())
    return Scores(
        both.accuracy,
        both.balanced_accuracy,
        precision=hits / called if called else 0.0,
        recall=hits / positive if positive else None,
        f1=2 * hits / (called + positive) if positive else None,
    )


def _row(result: AttributeResult) -> dict[str, object]:
    keys = ("accuracy", "balanced_accuracy") if result.attribute.exclusive else tuple(asdict(result.model))
    model, constant = ({key: asdict(scores)[key] for key in keys} for scores in (result.model, result.constant))
    positive = {} if result.attribute.exclusive else {"positive": result.attribute.labels[1]}
    return {**positive, **model, "constant": {"label": result.majority, **constant}}


def _mean(values: list[float] | list[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return float(np.mean(present)) if present else None
