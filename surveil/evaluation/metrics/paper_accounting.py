"""Attribute accuracy as the paper behind the model and the works it compares with count it, for its Table 1.

Every output is its own yes or no at one half, age and colours too: of nine upper colours, eight are right when the one
that is worn was missed. So a constant answer scores about 80 per cent; it stands in the table for that reason.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surveil.attributes import BY_NAME
from surveil.types import Floats

COLUMNS = {
    "gender": "gender",
    "age": "age",
    "hair": "hair",
    "sleeve": "sleeve",
    "lower_length": "lower length",
    "lower_type": "lower type",
    "backpack": "backpack",
    "handbag": "handbag",
    "bag": "bag",
    "hat": "hat",
    "upper_colour": "upper colour",
    "lower_colour": "lower colour",
}
"""The attributes in the order of the paper's table; the ten before the colours have an average of their own."""
FIRST_TEN = 10

# The paper's Table 1, in per cent: its own row last. Averages as printed there.
PUBLISHED: dict[str, tuple[float, ...]] = {
    "Sun et al. 2018": (88.9, 84.8, 78.3, 93.5, 92.1, 84.8, 85.5, 88.4, 67.3, 97.1, 87.5, 87.2, 86.1, 87.0),
    "APR 2017": (86.5, 87.1, 83.7, 93.7, 93.3, 91.5, 82.8, 89.0, 75.1, 97.1, 73.4, 69.9, 88.0, 85.3),
    "JCM 2018": (89.7, 87.4, 82.5, 93.7, 93.3, 89.2, 85.2, 86.2, 86.9, 97.2, 92.4, 93.1, 89.1, 89.7),
    "Pfeiffer et al. 2019": (92.9, 87.0, 89.7, 93.6, 94.8, 94.6, 88.0, 89.4, 79.7, 98.0, 79.4, 71.9, 90.8, 88.2),
    "the paper": (85.9, 89.4, 84.6, 95.9, 89.1, 92.4, 81.0, 84.1, 73.6, 96.0, 93.2, 92.5, 87.2, 88.1),
}
"""Accuracy of the 12 attributes in the order of `COLUMNS`, then the averages of the first ten and of all twelve."""


@dataclass(frozen=True, slots=True)
class PaperAccounting:
    """Accuracy, 0 to 1, in the paper's accounting.

    Attributes:
        model: By attribute.
        constant: Of the constant answer that suits these images best.
    """

    model: dict[str, float]
    constant: dict[str, float]

    def averages(self, accuracy: dict[str, float]) -> tuple[float, float]:
        """Of the ten attributes before the colours, and of all twelve."""
        values = [accuracy[name] for name in COLUMNS]
        return float(np.mean(values[:FIRST_TEN])), float(np.mean(values))

    def summary(self) -> dict[str, object]:
        """For JSON."""
        rows = {"model": self.model, "constant": self.constant}
        return {
            name: {**row, **dict(zip(("average_10", "average_12"), self.averages(row), strict=True))}
            for name, row in rows.items()
        }


def paper_accounting(probabilities: Floats, targets: Floats) -> PaperAccounting:
    """Count (N, 32) probabilities against (N, 32) targets, 0 or 1."""
    truth = targets > 0.5
    right = ((probabilities > 0.5) == truth).mean(axis=0)
    share = truth.mean(axis=0)
    constant = np.maximum(share, 1 - share)
    outputs = {name: BY_NAME[name].outputs for name in COLUMNS}
    return PaperAccounting(
        {name: float(right[part].mean()) for name, part in outputs.items()},
        {name: float(constant[part].mean()) for name, part in outputs.items()},
    )
