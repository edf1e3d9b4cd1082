"""Whether a crop shows a person at all: a second look at what the person detector found.

One linear layer on the feature map that the attribute heads read, so it costs nothing that is not computed anyway. It
lies in a file of its own, NAME.person.safetensors, because the network beside it stays what it is.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from surveil.model.backbones import FEATURES
from surveil.model.checkpoint import Card
from surveil.weights_file import fill_network, read_checked

ROWS = 4
"""Stripes of the feature map, from head to foot, that are pooled apart: people have an order that chairs have not."""


class PersonHead(nn.Module):
    """A logistic regression on the stripes of a feature map.

    Below its zero is one in a thousand crops of people whom it never learned from.
    """

    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d((ROWS, 1)), nn.Flatten())
        self.layer = nn.Linear(FEATURES * ROWS, 1)

    def stripes(self, features: Tensor) -> Tensor:
        """(N, 512, h, w) feature map, as coarse as the heads see it, to the (N, 2048) that the layer reads."""
        pooled: Tensor = self.pool(features)
        return pooled

    def forward(self, features: Tensor) -> Tensor:
        """(N, 512, h, w) in, (N, 1) logits out: below zero nobody."""
        logits: Tensor = self.layer(self.stripes(features))
        return logits


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
