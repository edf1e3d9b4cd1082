"""What a search's filters are worth: whom they find of those who have what is asked for, and who else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from surveil.attributes import ATTRIBUTES
from surveil.calibration import least_probability
from surveil.types import Floats


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
        return {name: None if value is None else round(value, 4) for name, value in asdict(self).items()}


def evaluate_filters(
    probabilities: Floats, targets: Floats, thresholds: Mapping[str, float]
) -> dict[str, FilterFigures]:
    """Each attribute's labels as filters of a search, by names such as "upper_colour red".

    Args:
        probabilities: (N, 32) as the model gives them.
        targets: (N, 32), 0 or 1; N is at least 1.
        thresholds: Of the binary attributes, by name; see `Calibration.threshold_of`.
    """
    figures = {}
    for attribute in ATTRIBUTES:
        chances, truth = attribute.probabilities(probabilities), attribute.probabilities(targets) > 0.5
        for label, chance, has in zip(attribute.labels, chances.T, truth.T, strict=True):
            passes = chance >= least_probability(attribute.name, (label,), thresholds)
            right = int(np.count_nonzero(passes & has))
            figures[f"{attribute.name} {label}"] = FilterFigures(
                right / int(passes.sum()) if passes.any() else None,
                right / int(has.sum()) if has.any() else None,
                float(has.mean()),
            )
    return figures
