"""The networks: a backbone whose feature map is brought to 512 channels, four attribute heads and an embedding neck."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torchvision  # type: ignore[import-untyped]
from torch import Tensor, nn

from surveil.attributes import AGE, INDEPENDENT, LOWER, UPPER
from surveil.errors import CheckpointError

FEATURES = 512


@dataclass(frozen=True, slots=True)
class Outputs:
    """What one forward pass gives for N crops.

    Attributes:
        pooled: (N, 512) backbone features before the neck; the triplet loss works on these.
        features: (N, 512) backbone features behind the neck; the first part of the embedding.
        logits: (N, 32) attribute logits in the order of `surveil.attributes.OUTPUT_NAMES`.
    """

    pooled: Tensor
    features: Tensor
    logits: Tensor


class AttentionBlock(nn.Module):
    """Residual attention: F becomes (1 + M) * F, so that the map M selects and never erases.

    M in (0, 1) has F's shape. A transposed convolution doubles the resolution, ordinary convolutions bring it back.
    After Wang et al., "Residual attention network for image classification", CVPR 2017, as used by the report.
    """

    def __init__(self, channels: int = FEATURES, hidden: int = 128) -> None:
        super().__init__()
        self.map = nn.Sequential(
            nn.ConvTranspose2d(channels, hidden, kernel_size=2, stride=2, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden, hidden, kernel_size=3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden, channels, kernel_size=1),
            nn.Sigmoid(),
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) in, the same shape out."""
        selected: Tensor = (1 + self.map(features)) * features
        return selected


class Head(nn.Module):
    """Attribute head on a feature map: an optional attention block, pooling, two linear layers."""

    def __init__(self, outputs: slice, *, attention: bool, hidden: int = 256, dropout: float = 0.3) -> None:
        super().__init__()
        self.attention = AttentionBlock() if attention else nn.Identity()
        self.layers = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(FEATURES, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(hidden, outputs.stop - outputs.start),
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, 512, H, W) in, (N, number of outputs) logits out."""
        logits: Tensor = self.layers(self.attention(features))
        return logits


class PersonNetwork(nn.Module):
    """Backbone, neck and the four heads.

    Args:
        backbone: Gives a (N, 512, H, W) feature map.
        colour_attention: Whether the two colour heads look through an attention block.
    """

    def __init__(self, backbone: nn.Module, *, colour_attention: bool) -> None:
        super().__init__()
        self.backbone = backbone
        self.neck = nn.BatchNorm1d(FEATURES)
        # BNNeck (Luo et al., "Bag of tricks and a strong baseline for deep person re-identification", 2019): no shift,
        # so that the identity classifier and the cosine similarity see the same directions.
        self.neck.bias.requires_grad_(False)
        self.heads = nn.ModuleList(
            Head(outputs, attention=colour_attention and outputs in (UPPER, LOWER))
            for outputs in (AGE, INDEPENDENT, UPPER, LOWER)
        )

    def forward(self, images: Tensor) -> Outputs:
        """(N, 3, H, W) normalised RGB images in."""
        features = self.backbone(images)
        pooled = features.mean(dim=(2, 3))
        logits = torch.cat([head(features) for head in self.heads], dim=1)
        return Outputs(pooled, self.neck(pooled), logits)


def _resnet34() -> nn.Module:
    network = torchvision.models.resnet34(weights=None)
    return nn.Sequential(*list(network.children())[:-2])


def build_network(architecture: str) -> PersonNetwork:
    """The network of a name as written in recipes and checkpoint cards, with random weights.

    Raises:
        CheckpointError: No architecture has that name.
    """
    if architecture == "resnet34-attention":
        return PersonNetwork(_resnet34(), colour_attention=True)
    raise CheckpointError(
        f"unknown architecture {architecture!r}", next_step="This version knows: resnet34-attention. Update surveil."
    )


def probabilities(logits: Tensor) -> Tensor:
    """(N, 32) logits to (N, 32) probabilities: softmax within age and colours, sigmoid for the independent ones."""
    logits = logits.float()
    return torch.cat(
        [
            logits[:, AGE].softmax(dim=1),
            logits[:, INDEPENDENT].sigmoid(),
            logits[:, UPPER].softmax(dim=1),
            logits[:, LOWER].softmax(dim=1),
        ],
        dim=1,
    )
