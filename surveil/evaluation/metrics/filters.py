"""What a search's filters are worth: whom they find of those who have what is asked for, and who else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from surveil.attributes import ATTRIBUTES, Attribute
from surveil.calibration import CONFIDENT, least_probability
from surveil.types import Floats

Truth = NDArray[np.bool_]
LEAST_PROBABILITIES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
"""Where `--min-confidence` is measured."""


@dataclass(frozen=True, slots=True)
class FilterFigures:
    """One filter on annotated images; figures from 0 to 1.

    Attributes:
        precision: Share of those who pass that have what is asked for; None when nobody passes.
        recall: Share of those who have it that pass; None when nobody has it.
        share: Of all images that show somebody who has it: by chance alone the precision would be this.
    """

    precision: float | None
    recall: float | None
    share: float

    def summary(self) -> dict[str, float | None]:
        """For JSON and cards."""
        return {name: _rounded(value) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class FilterCurves:
    """Each value as a filter at other least probabilities than the model's own.

    Attributes:
        least: The least probabilities, rising.
        figures: By values such as "upper_colour red", one for each least probability.
    """

    least: tuple[float, ...]
    figures: dict[str, tuple[FilterFigures, ...]]

    def summary(self) -> dict[str, object]:
        """For JSON and cards: the precision and the recall of each value as a list, in the order of `least`."""
        return {
            "least": list(self.least),
            "precision": {name: [_rounded(one.precision) for one in row] for name, row in self.figures.items()},
            "recall": {name: [_rounded(one.recall) for one in row] for name, row in self.figures.items()},
        }


def evaluate_filters(
    probabilities: Floats, targets: Floats, thresholds: Mapping[str, float]
) -> dict[str, FilterFigures]:
    """Each attribute's labels as filters of a search, by names such as "upper_colour red", "only upper_colour red"
    and "not upper_colour red", whose share is of those who do not have it.

    Args:
        probabilities: (N, 32) as the model gives them.
        targets: (N, 32), 0 or 1; N is at least 1.
        thresholds: Of the binary attributes, by name; see `Calibration.threshold_of`.
    """
    figures = {}
    for attribute, label, chance, has in _values(probabilities, targets):
        name = f"{attribute.name} {label}"
        figures[name] = filter_figures(chance >= least_probability(attribute.name, (label,), thresholds), has)
        figures[f"only {name}"] = filter_figures(chance >= CONFIDENT, has)
        figures[f"not {name}"] = filter_figures(chance <= 1 - CONFIDENT, ~has)
    return figures


def evaluate_filter_curves(probabilities: Floats, targets: Floats) -> FilterCurves:
    """Each attribute's labels, but those that nobody has, as filters at every one of `LEAST_PROBABILITIES`.

    The arguments are those of `evaluate_filters`.
    """
    figures = {
        f"{attribute.name} {label}": tuple(filter_figures(chance >= least, has) for least in LEAST_PROBABILITIES)
        for attribute, label, chance, has in _values(probabilities, targets)
        if has.any()
    }
    return FilterCurves(LEAST_PROBABILITIES, figures)


def _values(probabilities: Floats, targets: Floats) -> Iterator[tuple[Attribute, str, Floats, Truth]]:
    """Of each label of each attribute: (N,) its probability, and who has it."""
    for attribute in ATTRIBUTES:
        chances, truth = attribute.probabilities(probabilities), attribute.probabilities(targets) > 0.5
        for label, chance, has in zip(attribute.labels, chances.T, truth.T, strict=True):
            yield attribute, label, chance, has


def filter_figures(passes: Truth, has: Truth) -> FilterFigures:
    """Of a filter that lets those pass, (N,), when those have what it asks for, (N,)."""
    right = int(np.count_nonzero(passes & has))
    return FilterFigures(
        right / int(passes.sum()) if passes.any() else None,
        right / int(has.sum()) if has.any() else None,
        float(has.mean()),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
