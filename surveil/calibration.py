"""Calibration: from logits and similarities to probabilities that mean what they say."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surveil.attributes import ATTRIBUTES, BY_NAME, INDEPENDENT, OUTPUTS

Real = TypeVar("Real", np.float32, np.float64)
GROUPS = len(ATTRIBUTES)
LARGEST = 1e30
"""No figure of a card is larger; float32 could not hold it."""
BINARY = INDEPENDENT.stop - INDEPENDENT.start
CONFIDENT = 0.8
"""The probability from which on somebody certainly has, or has not, what is asked."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Fitted on validation identities; travels in the checkpoint's card.

    Attributes:
        temperatures: One per attribute, in the order of `surveil.attributes.ATTRIBUTES`; its logits are divided by it
            (Guo et al., "On calibration of modern neural networks", ICML 2017).
        offsets: One per output, added to the divided logit: what a loss that favours rare values added is taken off.
        thresholds: One per binary attribute: from this probability on, the answer is its second label. Chosen for the
            best F1, which for what is rare is well below one half.
        slope: With `intercept`, the logistic curve from the similarity of two embeddings to the probability that they
            are the same person (Platt scaling), for pairs of which half are. None: not fitted.
        intercept: See `slope`.
        power: To which the similarity is taken before, with its sign: of pairs that are alike, but not very, more show
            one person than a logistic curve in the similarity itself has it.
    """

    temperatures: tuple[float, ...] = (1.0,) * GROUPS
    offsets: tuple[float, ...] = (0.0,) * OUTPUTS
    thresholds: tuple[float, ...] = (0.5,) * BINARY
    slope: float | None = None
    intercept: float | None = None
    power: float = 1.0

    @staticmethod
    def from_dict(values: dict[str, Any]) -> Calibration:
        """The inverse of `dataclasses.asdict`, as read from JSON; older cards lack some."""
        vectors = {name: tuple(values[name]) for name in ("temperatures", "offsets", "thresholds") if name in values}
        slope, intercept = values["slope"], values["intercept"]
        return Calibration(**vectors, slope=slope, intercept=intercept, power=values.get("power", 1.0))

    def check(self) -> None:
        """See that the figures are such as a fit can have: those of a card that anybody may have written.

        Raises:
            ValueError: They are not; says which.
        """
        for name, count in (("temperatures", GROUPS), ("offsets", OUTPUTS), ("thresholds", BINARY)):
            check_numbers(name, getattr(self, name), count)
        if min(self.temperatures) <= 0:
            raise ValueError("temperatures are above 0")
        if (self.slope, self.intercept) != (None, None):
            check_numbers("slope and intercept", (self.slope, self.intercept), 2)
        check_numbers("power", (self.power,), 1)
        if self.power <= 0:
            raise ValueError("power is above 0")

    def output_temperatures(self) -> NDArray[np.float32]:
        """(32,) the temperature of each output."""
        temperatures = np.ones(OUTPUTS, np.float32)
        for attribute, temperature in zip(ATTRIBUTES, self.temperatures, strict=True):
            temperatures[attribute.outputs] = temperature
        return temperatures

    def probabilities(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 32) logits of a network to the (N, 32) probabilities that leave the model: each divided by its
        temperature and shifted, then softmax within age and colours, sigmoid for the independent ones.
        """
        shifted = logits / self.output_temperatures() + np.asarray(self.offsets, np.float32)
        found = np.empty_like(shifted)
        for attribute in ATTRIBUTES:
            values = shifted[:, attribute.outputs]
            if attribute.exclusive:
                powers = np.exp(values - values.max(axis=1, keepdims=True))
                found[:, attribute.outputs] = powers / powers.sum(axis=1, keepdims=True)
            else:
                found[:, attribute.outputs] = logistic(values)
        return found

    def threshold_of(self) -> dict[str, float]:
        """The threshold of each binary attribute by its name."""
        binary = [attribute.name for attribute in ATTRIBUTES if not attribute.exclusive]
        return dict(zip(binary, self.thresholds, strict=True))

    def same_person(self, similarity: ArrayLike) -> NDArray[np.float64] | None:
        """Probability (0 to 1) that two sightings of this similarity show one person; None when not fitted.

        It answers for a pair that was as likely as not to be the same person before looking.
        """
        if self.slope is None or self.intercept is None:
            return None
        powered = signed_power(np.asarray(similarity, np.float64), self.power)
        return logistic(self.slope * powered + self.intercept)

    def similarity_of(self, probability: float) -> float | None:
        """The similarity at which `same_person` gives a probability (above 0, below 1); None when not fitted."""
        if self.slope is None or self.intercept is None:
            return None
        powered = (np.log(probability / (1 - probability)) - self.intercept) / self.slope
        return float(signed_power(np.asarray(powered, np.float64), 1 / self.power))


def signed_power(values: NDArray[np.floating[Any]], power: float) -> NDArray[np.float64]:
    """The power of what values are without their signs, with these."""
    powered: NDArray[np.float64] = np.sign(values) * np.abs(values) ** power
    return powered


def logistic(logits: NDArray[Real]) -> NDArray[Real]:
    """The logistic curve, 0 to 1, without overflow."""
    return ((1 + np.tanh(logits / 2)) / 2).astype(logits.dtype, copy=False)


def check_numbers(name: str, values: Any, count: int) -> None:
    """See that values, as read from JSON, are so many finite numbers, none of them absurd.

    Raises:
        ValueError: They are not.
    """
    numbers = [value for value in values if isinstance(value, (int, float)) and abs(value) < LARGEST]
    if not len(numbers) == len(values) == count:
        raise ValueError(f"{name}: not {count} finite numbers")


def least_probability(attribute: str, labels: Collection[str], thresholds: Mapping[str, float]) -> float:
    """From which probability (0 to 1) on somebody is taken to have one of an attribute's labels.

    "No" is what the model is confident of: of many people it cannot be seen whether they carry a bag.

    Args:
        attribute: Its name.
        labels: Of this attribute.
        thresholds: See `Calibration.threshold_of`; colours and ages have none of their own.
    """
    threshold = thresholds.get(attribute, 0.5)
    if set(labels) == {"no"}:
        return max(1 - threshold, CONFIDENT)
    if not BY_NAME[attribute].exclusive and set(labels) == {BY_NAME[attribute].labels[0]}:
        return math.nextafter(1 - threshold, 1)  # at the threshold itself the answer is the second label
    return threshold
