"""Whether a crop shows a person at all: the second look at what the person detector found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from surveil.types import Floats


@dataclass(frozen=True, slots=True)
class PersonScore:
    """A logistic regression on the unit-length backbone features, which the embedding needs anyway; see `Card.person`.

    Attributes:
        weights: (512,).
        intercept: Shifted so that people whom it never learned from are below one half once in a thousand times.
    """

    weights: tuple[float, ...]
    intercept: float

    @staticmethod
    def from_dict(values: dict[str, Any]) -> PersonScore:
        """The inverse of `dataclasses.asdict`, as read from JSON."""
        return PersonScore(tuple(values["weights"]), values["intercept"])

    def __call__(self, features: Floats) -> Floats:
        """(N,) from 0 to 1 of (N, 512) features of unit length; below one half they are unlike any person."""
        logits = features @ np.asarray(self.weights, np.float32) + np.float32(self.intercept)
        return np.asarray((1 + np.tanh(logits / 2)) / 2, np.float32)
