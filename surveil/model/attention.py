"""The report's residual attention."""

from __future__ import annotations

from torch import Tensor, nn


class AttentionBlock(nn.Module):
    """Residual attention: F becomes (1 + M) * F, so that the map M selects and never erases, and blocks can be stacked.

    M in (0, 1) has F's shape. A transposed convolution doubles the resolution, ordinary convolutions bring it back.
    After Wang et al., "Residual attention network for image classification", CVPR 2017, as used by the report.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = channels // 4
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
