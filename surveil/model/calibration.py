"""Calibration: from logits and similarities to probabilities that mean what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surveil.attributes import ATTRIBUTES, OUTPUTS

GROUPS = len(ATTRIBUTES)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Fitted on validation identities; travels in the checkpoint's card.

    Attributes:
        temperatures: One per attribute, in the order of `surveil.attributes.ATTRIBUTES`; its logits are divided by it
            (Guo et al., "On calibration of modern neural networks", ICML 2017).
        slope: With `intercept`, the logistic curve from the similarity of two embeddings to the probability that they
            are the same person (Platt scaling), for pairs of which half are. None: not fitted.
        intercept: See `slope`.
    """

    temperatures: tuple[float, ...] = (1.0,) * GROUPS
    slope: float | None = None
    intercept: float | None = None

    @staticmethod
    def from_dict(values: dict[str, Any]) -> Calibration:
        """The inverse of `dataclasses.asdict`, as read from JSON."""
        return Calibration(tuple(values["temperatures"]), values["slope"], values["intercept"])

    def output_temperatures(self) -> NDArray[np.float32]:
        """(32,) the temperature of each output."""
        temperatures = np.ones(OUTPUTS, np.float32)
        for attribute, temperature in zip(ATTRIBUTES, self.temperatures, strict=True):
            temperatures[attribute.outputs] = temperature
        return temperatures

    def same_person(self, similarity: ArrayLike) -> NDArray[np.float64] | None:
        """Probability (0 to 1) that two sightings of this similarity show one person; None when not fitted.

        It answers for a pair that was as likely as not to be the same person before looking.
        """
        if self.slope is None or self.intercept is None:
            return None
        return 1 / (1 + np.exp(-(self.slope * np.asarray(similarity, np.float64) + self.intercept)))
