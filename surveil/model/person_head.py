"""Whether a crop shows a person at all: a second look at what the person detector found.

One linear layer on the feature map that the attribute heads read, so it costs nothing that is not computed anyway. It
lies in a file of its own, NAME.person.safetensors, because the network beside it stays what it is, and it is no part of
what a runtime runs: in 8 or 16 bits its sum of 2,048 values would lose too much.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from surveil.errors import CheckpointError
from surveil.model.checkpoint import FEATURES, Card
from surveil.types import Floats
from surveil.weights_file import read_checked

ROWS = 4
"""Stripes of the feature map, from head to foot, that are pooled apart: people have an order that chairs have not."""
LENGTH = FEATURES * ROWS
WEIGHT, BIAS = "layer.weight", "layer.bias"
"""What the file calls them."""


@dataclass(frozen=True, slots=True, eq=False)
class PersonHead:
    """A logistic regression on the stripes of a feature map; below its zero are one in a thousand crops of people whom
    it never learned from.

    Attributes:
        weight: (2048,).
        bias: Added to what the weights give.
    """

    weight: Floats
    bias: float

    def __call__(self, seen: Floats) -> Floats:
        """(N, 2048) stripes to (N,) logits: below zero nobody."""
        logits: Floats = seen @ self.weight + np.float32(self.bias)
        return logits

    def pack(self) -> bytes:
        """The content of its file; the weights are stored as float16."""
        return save({WEIGHT: self.weight[None].astype(np.float16), BIAS: np.array([self.bias], np.float32)})

    @staticmethod
    def unpack(content: bytes) -> PersonHead:
        """The inverse of `pack`.

        Raises:
            ValueError: It is damaged, or not what `pack` writes.
        """
        try:
            parts = load(content)
        except SafetensorError as error:
            raise ValueError(str(error)) from error
        shapes = {name: part.shape for name, part in parts.items()}
        if shapes != {WEIGHT: (1, LENGTH), BIAS: (1,)}:
            raise ValueError(f"holds {shapes}")
        return PersonHead(parts[WEIGHT][0].astype(np.float32), float(parts[BIAS][0]))


def person_path(weights: Path) -> Path:
    """Where the person head of a weights file lies, if it has one."""
    return weights.with_name(f"{weights.stem}.person.safetensors")


def load_person_head(weights: Path, card: Card) -> PersonHead | None:
    """The head that lies beside a weights file; None where its card names none.

    Raises:
        CheckpointError: It is missing or damaged, or is not the one that the card names.
    """
    if not card.person:
        return None
    path = person_path(weights)
    content = read_checked(path, card.person["sha256"])
    try:
        return PersonHead.unpack(content)
    except ValueError as error:
        raise CheckpointError(f"no person head ({error})", path, "Export it again.") from error
