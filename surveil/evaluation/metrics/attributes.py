"""How well attributes are recognised, always beside a constant predictor, which accuracy alone flatters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    f1_score,
    precision_recall_curve,
    precision_recall_fscore_support,
    recall_score,
    roc_auc_score,
)

from surveil.attributes import ATTRIBUTES, OUTPUTS, Attribute
from surveil.evaluation.metrics.calibration import Points, ReliabilityCurve, chance_error, reliability_curve
from surveil.types import Floats

Labels = NDArray[np.int64]
Truth = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scores:
    """Figures of one attribute, 0 to 1. None where the images cannot tell.

    Attributes:
        accuracy: Share of images whose answer is right; of ages and colours the likeliest label answers (top-1).
        balanced_accuracy: Mean over the labels that occur of the share of their images that are right.
        precision: Of a binary attribute: share of the images called positive that are; 0 when none was called so.
        recall: Of a binary attribute: share of the positive images that were called so; None when there is none.
        f1: Harmonic mean of precision and recall, None when no image is positive; of ages and colours the mean over the
            labels that occur.
        auc: Probability that a positive image is given a higher probability than another (area under the ROC curve);
            of ages and colours the mean over the labels that occur. None for a constant answer.
        calibration_error: Expected calibration error in 15 bins: of a binary attribute that of the probability of its
            second label, of ages and colours that of the likeliest label. None for a constant answer.
    """

    accuracy: float
    balanced_accuracy: float
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    auc: float | None = None
    calibration_error: float | None = None


@dataclass(frozen=True, slots=True)
class AttributeResult:
    """One attribute.

    Attributes:
        attribute: Its entry in the table; a binary one's positive label is its second.
        model: What the model scores.
        constant: What always answering `majority` scores.
        majority: The commonest label of the evaluated images themselves: no other constant is more accurate there.
        chance_error: What the calibration error of a model that is right just as often as it says would be, because
            there are only so many people; None where nobody said who is on the images.
    """

    attribute: Attribute
    model: Scores
    constant: Scores
    majority: str
    chance_error: float | None = None


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
            "f1_binary": _mean([r.model.f1 for r in results if not r.attribute.exclusive]),
            "auc": _mean([r.model.auc for r in results]),
            "calibration_error": _mean([r.model.calibration_error for r in results]),
            "chance_calibration_error": _mean([r.chance_error for r in results]),
            "constant_accuracy": _mean([r.constant.accuracy for r in results]),
            "constant_balanced_accuracy": _mean([r.constant.balanced_accuracy for r in results]),
            "constant_f1_binary": _mean([r.constant.f1 for r in results if not r.attribute.exclusive]),
        }

    def summary(self) -> dict[str, object]:
        """For JSON."""
        return {
            "images": self.images,
            "means": self.means(),
            "each": {r.attribute.name: _row(r) for r in self.attributes},
        }


def evaluate_attributes(
    probabilities: Floats, targets: Floats, thresholds: Mapping[str, float] | None = None, people: Labels | None = None
) -> AttributesResult:
    """Score attribute probabilities against annotations.

    Args:
        probabilities: (N, 32) as the model gives them.
        targets: (N, 32), 0 or 1. Images without annotations (distractors, junk) must have been left out.
        thresholds: From which probability on a binary attribute, by name, is called positive; 0.5 where not given.
        people: (N,) whom each image shows, for the calibration error that is chance.

    Raises:
        ValueError: The shapes are not (N, 32) with N of at least 1.
    """
    if probabilities.shape != targets.shape or targets.ndim != 2 or targets.shape[1] != OUTPUTS or not len(targets):
        raise ValueError(f"expected two arrays (N, {OUTPUTS}), N >= 1; got {probabilities.shape} and {targets.shape}")
    found = (_evaluate(a, probabilities, targets, (thresholds or {}).get(a.name, 0.5), people) for a in ATTRIBUTES)
    return AttributesResult(len(targets), tuple(found))


def _evaluate(
    attribute: Attribute, probabilities: Floats, targets: Floats, threshold: float, people: Labels | None
) -> AttributeResult:
    truth: Labels = attribute.probabilities(targets).argmax(axis=1)
    chances = attribute.probabilities(probabilities)
    predicted: Labels = chances.argmax(axis=1) if attribute.exclusive else (chances[:, 1] >= threshold).astype(np.int64)
    majority = int(np.bincount(truth).argmax())
    score: Callable[[Labels, Labels], Scores] = _score if attribute.exclusive else _score_binary
    constant = score(np.full_like(truth, majority), truth)
    model = replace(
        score(predicted, truth),
        auc=_auc(chances if attribute.exclusive else chances[:, 1:], truth, first=0 if attribute.exclusive else 1),
        calibration_error=attribute_reliability(attribute, probabilities, targets).error,
    )
    chance = None if people is None else chance_error(_confidence(attribute, chances), people)
    return AttributeResult(attribute, model, constant, attribute.labels[majority], chance)


def _auc(chances: Floats, truth: Labels, first: int) -> float | None:
    """Mean over the labels that some images have and some have not; column 0 is label `first`."""
    columns = [(truth == label, column) for label, column in enumerate(chances.T, first)]
    return _mean([roc_auc_score(has, column) for has, column in columns if has.any() and not has.all()])


def attribute_reliability(attribute: Attribute, probabilities: Floats, targets: Floats) -> ReliabilityCurve:
    """How far one attribute's probabilities can be taken at their word; `Scores.calibration_error` is its error.

    Args:
        attribute: Which; of a binary one its second label is claimed, of another one its likeliest.
        probabilities: (N, 32) as the model gives them.
        targets: (N, 32), 0 or 1.
    """
    chances, truth = attribute.probabilities(probabilities), attribute.probabilities(targets)
    right = chances.argmax(axis=1) == truth.argmax(axis=1) if attribute.exclusive else truth[:, 1] == 1
    return reliability_curve(_confidence(attribute, chances), right.astype(np.float64))


def _confidence(attribute: Attribute, chances: Floats) -> NDArray[np.float64]:
    """(N,) what is claimed by (N, labels) probabilities of one attribute: see `attribute_reliability`."""
    return (chances.max(axis=1) if attribute.exclusive else chances[:, 1]).astype(np.float64)


def precision_recall(scores: Floats, truth: Truth) -> tuple[Points, Points]:
    """Recall and precision of calling positive what scores at least a threshold, for every threshold there is.

    Args:
        scores: (N,) higher is more likely positive.
        truth: (N,) which are; at least one.

    Returns:
        (T,) recall, ascending, and (T,) precision; one point per distinct score.
    """
    precision, recall, _ = precision_recall_curve(truth, scores)
    return recall[-2::-1], precision[-2::-1]  # without the point at recall 0, which no threshold has


def macro_precision_recall(scores: Floats, truth: Truth, recalls: Points) -> Points:
    """Mean over the labels that occur of the precision at which a label's recall first reaches each of `recalls`.

    Args:
        scores: (N, labels).
        truth: (N, labels).
        recalls: (R,) from 0 to 1.

    Returns:
        (R,) precision.
    """
    curves = []
    for label in np.flatnonzero(truth.any(axis=0)):
        recall, precision = precision_recall(scores[:, label], truth[:, label])
        curves.append(precision[np.searchsorted(recall, recalls - 1e-9)])
    mean: Points = np.mean(curves, axis=0)
    return mean


def _score(predicted: Labels, truth: Labels) -> Scores:
    labels = np.unique(truth)
    balanced = recall_score(truth, predicted, labels=labels, average="macro", zero_division=0)
    f1 = f1_score(truth, predicted, labels=labels, average="macro", zero_division=0)
    return Scores(float((predicted == truth).mean()), float(balanced), f1=float(f1))


def _score_binary(predicted: Labels, truth: Labels) -> Scores:
    figures = precision_recall_fscore_support(truth, predicted, average="binary", zero_division=0)
    precision, recall, f1 = (float(figure) for figure in figures[:3])
    some = bool(truth.any())
    return replace(
        _score(predicted, truth), precision=precision, recall=recall if some else None, f1=f1 if some else None
    )


def _row(result: AttributeResult) -> dict[str, object]:
    keys = [k for k in asdict(result.model) if not (result.attribute.exclusive and k in ("precision", "recall"))]
    model = {key: asdict(result.model)[key] for key in keys}
    constant = {k: asdict(result.constant)[k] for k in keys if k not in ("auc", "calibration_error")}
    positive = {} if result.attribute.exclusive else {"positive": result.attribute.labels[1]}
    chance = {"chance_calibration_error": result.chance_error}
    return {**positive, **model, **chance, "constant": {"label": result.majority, **constant}}


def _mean(values: Sequence[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return float(np.mean(present)) if present else None
