"""The networks: a backbone whose feature map is brought to 512 channels, attribute heads and an embedding neck."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from surveil.attributes import AGE, BY_NAME, INDEPENDENT, LOWER, OUTPUTS, UPPER
from surveil.errors import CheckpointError
from surveil.model.attention import AttentionBlock
from surveil.model.backbones import efficientnet_backbone, torchvision_backbone
from surveil.model.checkpoint import FEATURES
from surveil.model.osnet import EmbeddingNeck, GlobalDepthwise, OSNet

HAT = BY_NAME["hat"].outputs


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


class Head(nn.Module):
    """Attribute head on a feature map: an optional attention block, pooling, two linear layers.

    Args:
        outputs: Which of the 32 it gives.
        attention: Whether it looks through an attention block.
        rows: Stripes that are pooled apart from one another, so that a hat is looked for at the top.
        hidden: Width of the first linear layer.
        dropout: Before the second one.
    """

    def __init__(
        self, outputs: slice, *, attention: bool, rows: int = 1, hidden: int = 256, dropout: float = 0.3
    ) -> None:
        super().__init__()
        self.attention = AttentionBlock(FEATURES) if attention else nn.Identity()
        self.layers = nn.Sequential(
            nn.AdaptiveAvgPool2d((rows, 1)),
            nn.Flatten(),
            *_two_layers(FEATURES * rows, hidden, outputs, dropout),
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, 512, H, W) in, (N, number of outputs) logits out."""
        logits: Tensor = self.layers(self.attention(features))
        return logits


class StripeHead(nn.Module):
    """Attribute head on the stripes of a feature map, each of whose values is standardised, and two linear layers.

    Args:
        outputs: Which of the 32 it gives.
        rows: Stripes that the map is parted in.
        top: It sees so many of them, from the top.
        hidden: Width of the first linear layer.
    """

    def __init__(self, outputs: slice, *, rows: int, top: int, hidden: int) -> None:
        super().__init__()
        self.outputs, self.rows, self.top = outputs, rows, top
        self.standardise = nn.BatchNorm1d(FEATURES * top, affine=False)
        self.layers = nn.Sequential(
            nn.Dropout(0.2),
            *_two_layers(FEATURES * top, hidden, outputs, dropout=0.3),
        )

    def pooled(self, features: Tensor) -> Tensor:
        """(N, 512, H, W) in, (N, 512 * top) means of the stripes out."""
        stripes = nn.functional.adaptive_avg_pool2d(features, (self.rows, 1))
        return stripes[:, :, : self.top].flatten(1)

    def read(self, pooled: Tensor) -> Tensor:
        """(N, 512 * top) in, (N, number of outputs) logits out."""
        logits: Tensor = self.layers(self.standardise(pooled))
        return logits

    def forward(self, features: Tensor) -> Tensor:
        """(N, 512, H, W) in, (N, number of outputs) logits out."""
        return self.read(self.pooled(features))


def _two_layers(inputs: int, hidden: int, outputs: slice, dropout: float) -> list[nn.Module]:
    """What a head ends in."""
    return [
        nn.Linear(inputs, hidden),
        nn.BatchNorm1d(hidden),
        nn.ReLU(inplace=True),
        nn.Dropout(dropout),
        nn.Linear(hidden, outputs.stop - outputs.start),
    ]


class GeM(nn.Module):
    """Pooling between the mean (exponent 1) and the maximum (infinite), the exponent learned.

    After Radenović et al., "Fine-tuning CNN image retrieval with no human annotation", TPAMI 2019.
    """

    def __init__(self) -> None:
        super().__init__()
        self.exponent = nn.Parameter(torch.tensor([3.0]))

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) of no negative values in, (N, C) out."""
        powers = features.float().clamp(min=1e-6).pow(self.exponent)
        pooled: Tensor = powers.mean(dim=(2, 3)).pow(1 / self.exponent)
        return pooled


class Mean(nn.Module):
    """Plain average pooling."""

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) in, (N, C) out."""
        return features.mean(dim=(2, 3))


class LinearHeads(nn.Module):
    """The report's baselines: one output layer for all 32."""

    def __init__(self) -> None:
        super().__init__()
        self.output = nn.Linear(FEATURES, OUTPUTS)

    def forward(self, features: Tensor) -> Tensor:
        """(N, 512, H, W) in, (N, 32) logits out."""
        logits: Tensor = self.output(features.mean(dim=(2, 3)))
        return logits


class PersonNetwork(nn.Module):
    """Backbone, neck and attribute heads.

    Args:
        backbone: Gives a (N, 512, H, W) feature map.
        heads: "linear" for one 32-wide output; "four" for the report's heads; "attention" for the report's heads whose
            two colour branches look through an attention block; "stripes" for these two branches, and the others on
            standardised stripes, with a head of its own for hats, which are rare: beside eight commoner attributes they
            teach a head little.
        pool: From the feature map to (N, 512), for the embedding; the mean if not given.
        neck: From there to the embedding's (N, 512) features; BNNeck if not given.
        rows: Stripes of the feature map that the four heads pool apart from one another.
        coarser: How many cells of the feature map, each way, the heads see as one; above 1 they also see its channels
            standardised, for a trunk that was not trained with them.
    """

    def __init__(
        self,
        backbone: nn.Module,
        heads: str,
        pool: nn.Module | None = None,
        neck: nn.Module | None = None,
        *,
        rows: int = 1,
        coarser: int = 1,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.pool = pool or Mean()
        self.neck = neck or _bnneck()
        self.coarse = nn.AvgPool2d(coarser) if coarser > 1 else nn.Identity()
        self.standardise = nn.BatchNorm2d(FEATURES, affine=False) if coarser > 1 else nn.Identity()
        self.heads = nn.ModuleList(_heads(heads, rows))
        self.hat_head = StripeHead(HAT, rows=8, top=2, hidden=128) if heads == "stripes" else None

    def forward(self, images: Tensor) -> Outputs:
        """(N, 3, H, W) normalised RGB images in."""
        return self.read(self.backbone(images))

    def read(self, features: Tensor) -> Outputs:
        """What a (N, 512, h, w) feature map of the backbone says."""
        pooled = self.pool(features)
        return Outputs(pooled, self.neck(pooled), self.logits(self.coarse(features)))

    def logits(self, features: Tensor) -> Tensor:
        """(N, 32) of a (N, 512, h, w) feature map as coarse as the heads see it."""
        standard = self.standardise(features)
        found = torch.cat([head(standard) for head in self.heads], dim=1)
        if self.hat_head is None:
            return found
        return torch.cat([found[:, : HAT.start], self.hat_head(standard), found[:, HAT.stop :]], dim=1)


def _heads(kind: str, rows: int) -> list[nn.Module]:
    """The heads of a kind, whose outputs are together the 32."""
    if kind == "linear":
        return [LinearHeads()]
    colours = [Head(outputs, attention=kind != "four", rows=rows) for outputs in (UPPER, LOWER)]
    if kind == "stripes":
        return [*(StripeHead(outputs, rows=rows, top=rows, hidden=256) for outputs in (AGE, INDEPENDENT)), *colours]
    return [*(Head(outputs, attention=False, rows=rows) for outputs in (AGE, INDEPENDENT)), *colours]


def _bnneck() -> nn.BatchNorm1d:
    """BNNeck (Luo et al., "Bag of tricks and a strong baseline for deep person re-identification", 2019): no shift, so
    that the identity classifier and the cosine similarity see the same directions.
    """
    neck = nn.BatchNorm1d(FEATURES)
    neck.bias.requires_grad_(False)
    return neck


def _osnet() -> PersonNetwork:
    """OSNet whose pooling, and so its input size, 256 x 128, is that of the published weights it begins with.

    Its heads see 8 x 4 cells; hats are looked for in the top quarter.
    """
    pool, neck = GlobalDepthwise(FEATURES, (16, 8)), EmbeddingNeck(FEATURES)
    return PersonNetwork(OSNet(), "stripes", pool, neck, rows=4, coarser=2)


ARCHITECTURES: dict[str, Callable[[], PersonNetwork]] = {
    # The report's baselines.
    "alexnet": lambda: PersonNetwork(torchvision_backbone("alexnet"), "linear"),
    "resnet18": lambda: PersonNetwork(torchvision_backbone("resnet18"), "linear"),
    "resnet34": lambda: PersonNetwork(torchvision_backbone("resnet34"), "linear"),
    "resnet50": lambda: PersonNetwork(torchvision_backbone("resnet50"), "linear"),
    "densenet121": lambda: PersonNetwork(torchvision_backbone("densenet121"), "linear"),
    # The report's network, and the same with a finer last feature map (the "last stride 1" of re-identification).
    "resnet34-attention": lambda: PersonNetwork(torchvision_backbone("resnet34"), "attention"),
    "resnet34-attention-fine": lambda: PersonNetwork(torchvision_backbone("resnet34", stride=16), "attention"),
    # The report's "possible improvement": attention at several depths, so that (1 + M) * F is taken again and again.
    "resnet34-attention-stacked": lambda: PersonNetwork(torchvision_backbone("resnet34", attention=True), "attention"),
    # Ours.
    "efficientnet-lite0-attention": lambda: PersonNetwork(efficientnet_backbone(), "attention", GeM()),
    "osnet-attention": _osnet,
}


def build_network(architecture: str) -> PersonNetwork:
    """The network of a name as written in recipes and checkpoint cards, with random weights.

    Args:
        architecture: A name of `ARCHITECTURES`; a card comes from anybody, so nothing else is ever built or fetched.

    Raises:
        CheckpointError: No architecture has that name.
    """
    if not isinstance(architecture, str) or architecture not in ARCHITECTURES:
        raise CheckpointError(
            f"unknown architecture {str(architecture)[:80]!r}",
            next_step=f"This version knows: {', '.join(ARCHITECTURES)}. Update surveil.",
        )
    return ARCHITECTURES[architecture]()


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
