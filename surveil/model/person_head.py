"""Whether a crop shows a person at all: a second look at what the person detector found.

One linear layer on the feature map that the attribute heads read, so it costs nothing that is not computed anyway. It
lies in a file of its own, NAME.person.safetensors, because the network beside it stays what it is, and it is no part of
what a runtime runs: in 8 or 16 bits its sum of 2,048 values would lose too much.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from surveil.model.backbones import FEATURES
from surveil.model.checkpoint import Card
from surveil.types import Floats
from surveil.weights_file import fill_network, read_checked

ROWS = 4
"""Stripes of the feature map, from head to foot, that are pooled apart: people have an order that chairs have not."""


class PersonHead(nn.Module):
    """A logistic regression on the stripes of a feature map; below its zero are one in a thousand crops of people whom
    it never learned from.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(FEATURES * ROWS, 1)

    @torch.inference_mode()
    def forward(self, seen: Floats) -> Floats:
        """(N, 2048) stripes to (N,) logits: below zero nobody."""
        logits: Floats = self.layer(torch.from_numpy(seen))[:, 0].numpy()
        return logits


def stripes(features: Tensor) -> Tensor:
    """(N, 512, h, w) feature map, as coarse as the heads see it, to the (N, 2048) that a person head reads."""
    return nn.functional.adaptive_avg_pool2d(features, (ROWS, 1)).flatten(1)


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
    head = PersonHead()
    fill_network(path, head, read_checked(path, card.person["sha256"]))
    return head.eval()
