"""OSNet with linear context gates, the network of Open Model Zoo's `person-reidentification-retail-02xx`.

After Zhou et al., "Omni-scale feature learning for person re-identification", ICCV 2019; the gates of the second block
of each stage after Ruan et al., "Linear context transform block", AAAI 2020.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

STREAMS = 4
"""Each block sees people at four scales: stream t has a receptive field of 2t + 1 cells."""
GROUPS = 16
"""Of the channels, for the normalisation in a linear context gate."""


class ConvBlock(nn.Sequential):
    """A pointwise convolution and, unless it is linear, ReLU; its batch normalisation is part of its weights."""

    def __init__(self, channels: int, out_channels: int, *, linear: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out_channels, kernel_size=1)
        if not linear:
            self.relu = nn.ReLU(inplace=True)


class LightConv(nn.Sequential):
    """A 3x3 convolution as a pointwise and a depthwise one, and ReLU; batch normalisation as in `ConvBlock`."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pointwise = nn.Conv2d(channels, channels, kernel_size=1, bias=False)
        self.depthwise = nn.Conv2d(channels, channels, kernel_size=3, padding=1, groups=channels)
        self.relu = nn.ReLU(inplace=True)


class ChannelGate(nn.Module):
    """Weighs each channel by what all channels show on average (squeeze and excitation)."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels, channels // reduction, kernel_size=1)
        self.expand = nn.Conv2d(channels // reduction, channels, kernel_size=1)

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) in, the same shape out."""
        context = features.mean(dim=(2, 3), keepdim=True)
        gated: Tensor = features * self.expand(torch.relu(self.reduce(context))).sigmoid()
        return gated


class LinearContextGate(nn.Module):
    """Weighs each channel by how its average stands out in its group, with one scale and one shift per channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, channels)

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) in, the same shape out."""
        gated: Tensor = features * self.norm(features.mean(dim=(2, 3), keepdim=True)).sigmoid()
        return gated


class OmniScaleBlock(nn.Module):
    """A bottleneck of four streams of growing receptive field, which one shared gate weighs and sums, and a residual.

    Args:
        channels: Of the input.
        out_channels: Of the output; the streams have a quarter of them.
        gate: Kind of the gate.
    """

    def __init__(self, channels: int, out_channels: int, gate: type[ChannelGate | LinearContextGate]) -> None:
        super().__init__()
        middle = out_channels // 4
        self.reduce = ConvBlock(channels, middle)
        self.streams = nn.ModuleList(
            nn.Sequential(*(LightConv(middle) for _ in range(depth))) for depth in range(1, STREAMS + 1)
        )
        self.gate = gate(middle)
        self.expand = ConvBlock(middle, out_channels, linear=True)
        self.shortcut = nn.Identity() if channels == out_channels else ConvBlock(channels, out_channels, linear=True)

    def forward(self, features: Tensor) -> Tensor:
        """(N, channels, H, W) in, (N, out_channels, H, W) out."""
        reduced = self.reduce(features)
        first, *others = (self.gate(stream(reduced)) for stream in self.streams)
        scales = sum(others, start=first)  # one by one: stacked, they cost a tenth of the whole
        joined: Tensor = self.expand(scales) + self.shortcut(features)
        return torch.relu(joined)


class OSNet(nn.Sequential):
    """The trunk: (N, 3, H, W) pictures to a (N, widths[-1], H / 16, W / 16) feature map that is never negative.

    Args:
        widths: Channels behind the stem, of each of the three stages.
    """

    def __init__(self, widths: tuple[int, int, int, int] = (64, 256, 384, 512)) -> None:
        super().__init__()
        stem, *stages = widths
        # Each picture is brought to mean 0 and deviation 1, so that light and white balance of a camera count for less.
        self.input_norm = nn.InstanceNorm2d(3, affine=True)
        self.stem = nn.Sequential(
            nn.Conv2d(3, stem, kernel_size=7, stride=2, padding=3, bias=False),
            nn.InstanceNorm2d(stem, affine=True),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
        )
        channels = stem
        for number, width in enumerate(stages):
            last = number == len(stages) - 1
            self.add_module(f"stage{number + 1}", _stage(channels, width, halves=not last))
            channels = width


def _stage(channels: int, width: int, *, halves: bool) -> nn.Sequential:
    """Two blocks and a pointwise convolution; all stages but the last halve the resolution behind it."""
    layers = [
        OmniScaleBlock(channels, width, ChannelGate),
        OmniScaleBlock(width, width, LinearContextGate),
        ConvBlock(width, width),
    ]
    return nn.Sequential(*layers, nn.AvgPool2d(2)) if halves else nn.Sequential(*layers)


class GlobalDepthwise(nn.Module):
    """Pooling with a learned weight for each channel at each place: feet weigh other than heads.

    After Chen et al., "MobileFaceNets", CCBR 2018.

    Args:
        channels: Of the feature map.
        size: (height, width) of the feature map; another input size needs other weights.
    """

    def __init__(self, channels: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, kernel_size=size, groups=channels)

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, *size) in, (N, C) out."""
        pooled: Tensor = self.conv(features)
        return pooled.flatten(1)


class EmbeddingNeck(nn.Sequential):
    """(N, C) pooled features to (N, C) features of the embedding: a linear layer, whose weights hold its normalisation,
    and one slope for all that is negative.

    The published network fills the first half; the second is zero and free for what is learned beside it, so that
    cosines are those of the published network.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, channels)
        self.activation = nn.PReLU()
