"""EfficientNet-Lite0 (Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", 2019).

The names of its weights are those of timm's `tf_efficientnet_lite0`, so that its ImageNet weights fit. It is written
out here because importing timm takes longer than a search does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

CHANNELS = 1280
"""Of the feature map."""
EPSILON = 1e-3


@dataclass(frozen=True, slots=True)
class _Stage:
    """Blocks of one width: how many, the kernel, the stride of the first, how much each widens, channels that leave."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STEM = 32
STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)


class EfficientNetLite0(nn.Module):
    """A picture to its feature map of `CHANNELS` channels, with random weights.

    Args:
        last_stride: 2, as published: 32 pixels per cell of the feature map; or 1: 16 pixels.
    """

    def __init__(self, last_stride: int = 2) -> None:
        super().__init__()
        self.conv_stem = SameConv(3, STEM, 3, stride=2)
        self.bn1 = nn.BatchNorm2d(STEM, EPSILON)
        stages, channels = [], STEM
        for stage in STAGES:
            blocks: list[nn.Module] = []
            for number in range(stage.blocks):
                stride = stage.stride if number == 0 else 1
                stride = last_stride if stride == 2 and stage is STAGES[-2] else stride
                blocks.append(_block(channels, stage, stride))
                channels = stage.channels
            stages.append(nn.Sequential(*blocks))
        self.blocks = nn.Sequential(*stages)
        self.conv_head = nn.Conv2d(channels, CHANNELS, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(CHANNELS, EPSILON)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                outgoing = module.kernel_size[0] * module.kernel_size[1] * module.out_channels // module.groups
                nn.init.normal_(module.weight, 0.0, math.sqrt(2.0 / outgoing))

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) in, (N, 1280, h, w) out."""
        features = self.blocks(F.relu6(self.bn1(self.conv_stem(images))))
        return F.relu6(self.bn2(self.conv_head(features)))


class SameConv(nn.Conv2d):
    """A convolution to ceil(size / stride) cells, as TensorFlow pads: the odd pixel on the right and below."""

    def __init__(self, incoming: int, outgoing: int, kernel: int, *, stride: int, groups: int = 1) -> None:
        super().__init__(incoming, outgoing, kernel, stride, groups=groups, bias=False)

    def forward(self, input: Tensor) -> Tensor:
        height, width = (
            max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
            for size, stride, kernel in zip(input.shape[-2:], self.stride, self.kernel_size, strict=True)
        )
        padded = F.pad(input, (width // 2, width - width // 2, height // 2, height - height // 2))
        return F.conv2d(padded, self.weight, None, self.stride, groups=self.groups)


def _depthwise(channels: int, kernel: int, stride: int) -> nn.Conv2d:
    if stride == 2:
        return SameConv(channels, channels, kernel, stride=stride, groups=channels)
    return nn.Conv2d(channels, channels, kernel, padding=kernel // 2, groups=channels, bias=False)


def _block(incoming: int, stage: _Stage, stride: int) -> nn.Module:
    if stage.expansion == 1:
        return _Separable(incoming, stage, stride)
    return _InvertedResidual(incoming, stage, stride)


class _Separable(nn.Module):
    """The first block, which does not widen."""

    def __init__(self, incoming: int, stage: _Stage, stride: int) -> None:
        super().__init__()
        self.conv_dw = _depthwise(incoming, stage.kernel, stride)
        self.bn1 = nn.BatchNorm2d(incoming, EPSILON)
        self.conv_pw = nn.Conv2d(incoming, stage.channels, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(stage.channels, EPSILON)

    def forward(self, features: Tensor) -> Tensor:
        narrow: Tensor = self.bn2(self.conv_pw(F.relu6(self.bn1(self.conv_dw(features)))))
        return narrow


class _InvertedResidual(nn.Module):
    """Widen, convolve each channel, narrow; what came in is added where its shape allows."""

    def __init__(self, incoming: int, stage: _Stage, stride: int) -> None:
        super().__init__()
        wide = stage.expansion * incoming
        self.conv_pw = nn.Conv2d(incoming, wide, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(wide, EPSILON)
        self.conv_dw = _depthwise(wide, stage.kernel, stride)
        self.bn2 = nn.BatchNorm2d(wide, EPSILON)
        self.conv_pwl = nn.Conv2d(wide, stage.channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(stage.channels, EPSILON)
        self._residual = stride == 1 and incoming == stage.channels

    def forward(self, features: Tensor) -> Tensor:
        wide = F.relu6(self.bn1(self.conv_pw(features)))
        wide = F.relu6(self.bn2(self.conv_dw(wide)))
        narrow: Tensor = self.bn3(self.conv_pwl(wide))
        return narrow + features if self._residual else narrow
