"""Backbones: a picture to a feature map of 512 channels, whatever network stands behind it."""

from __future__ import annotations

from torch import Tensor, nn

from surveil.model.attention import AttentionBlock
from surveil.model.checkpoint import FEATURES
from surveil.model.efficientnet import CHANNELS, EfficientNetLite0


class Reduced(nn.Module):
    """A body of any width, brought to 512 channels that are never negative (as behind a residual block)."""

    def __init__(self, body: nn.Module, channels: int) -> None:
        super().__init__()
        self.body = body
        self.reduce = nn.Sequential(
            nn.Conv2d(channels, FEATURES, kernel_size=1, bias=False), nn.BatchNorm2d(FEATURES), nn.ReLU(inplace=True)
        )

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) in, (N, 512, h, w) out."""
        features: Tensor = self.reduce(self.body(images))
        return features


def torchvision_backbone(name: str, *, stride: int = 32, attention: bool = False) -> nn.Module:
    """AlexNet, ResNet18/34/50 or DenseNet121 without their classifier, with random weights.

    Args:
        name: As torchvision calls it.
        stride: Pixels per cell of the last feature map; 16 leaves out the last halving of a ResNet.
        attention: Whether a ResNet's second and third layers are followed by attention blocks.
    """
    import torchvision  # type: ignore[import-untyped]  # it imports torch._dynamo, which takes seconds

    network = getattr(torchvision.models, name)(weights=None)
    if not name.startswith("resnet"):
        return Reduced(network.features, 256 if name == "alexnet" else network.classifier.in_features)
    if stride == 16:
        for layer in (network.layer4[0].conv1, network.layer4[0].conv2, network.layer4[0].downsample[0]):
            layer.stride = (1, 1)
    if attention:
        for layer, following in ((network.layer2, network.layer3), (network.layer3, network.layer4)):
            layer.add_module("attention", AttentionBlock(following[0].conv1.in_channels))
    body = nn.Sequential(*list(network.children())[:-2])
    return body if network.fc.in_features == FEATURES else Reduced(body, network.fc.in_features)


def efficientnet_backbone() -> nn.Module:
    """An EfficientNet-Lite0 that leaves out its last halving: 16 pixels per cell of the feature map."""
    return Reduced(EfficientNetLite0(last_stride=1), CHANNELS)
