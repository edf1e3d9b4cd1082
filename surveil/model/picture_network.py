"""The appearance network as a runtime takes it: pictures in."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from surveil.model.checkpoint import Card
from surveil.model.network import PersonNetwork
from surveil.model.person_head import ROWS


class PictureNetwork(nn.Module):
    """A network with the normalisation of its card, as a runtime takes it.

    Args:
        network: Of the card; stays where it is.
        card: Its mean and standard deviation of pictures are used.
        with_stripes: Whether it gives what a person head reads, too.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, network: PersonNetwork, card: Card, *, with_stripes: bool = False) -> None:
        super().__init__()
        self.network, self.with_stripes = network, with_stripes
        self.register_buffer("mean", torch.tensor(card.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(card.std).view(1, 3, 1, 1))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """(N, 3, H, W) RGB images from 0 to 1 to (N, 512) features, (N, 32) logits and, if asked, (N, 2048) stripes."""
        seen = self.network.backbone((images - self.mean) / self.std)
        outputs = self.network.read(seen)
        if self.with_stripes:
            return outputs.features, outputs.logits, stripes(self.network.coarse(seen))
        return outputs.features, outputs.logits


def stripes(features: Tensor) -> Tensor:
    """(N, 512, h, w) feature map, as coarse as the heads see it, to the (N, 2048) that a person head reads."""
    return nn.functional.adaptive_avg_pool2d(features, (ROWS, 1)).flatten(1)
