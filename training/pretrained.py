"""Weights that a backbone may begin with: learned on ImageNet by others, from a file or from their publisher."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from surveil.errors import CheckpointError
from surveil.model.attention import AttentionBlock
from surveil.model.backbones import Reduced

_CLASSIFIERS = ("fc.", "_fc.", "classifier.", "head.")


def load_backbone(backbone: nn.Module, weights: dict[str, Tensor], source: str) -> None:
    """Take over the weights of the same network as another library names it: same order, same shapes.

    Args:
        backbone: Of a `PersonNetwork`; attention blocks, and the layers that bring a feature map to 512 channels, keep
            their own weights.
        weights: A whole classifier; what it has behind its feature map is left out.
        source: Named in the error.

    Raises:
        CheckpointError: It is another network.
    """
    body = backbone.body if isinstance(backbone, Reduced) else backbone
    ours = tuple(f"{name}." for name, module in body.named_modules() if isinstance(module, AttentionBlock))
    own = {name: value for name, value in body.state_dict().items() if not name.startswith((*_CLASSIFIERS, *ours))}
    given = [(name, value) for name, value in weights.items() if not name.startswith(_CLASSIFIERS)]
    if [_like(*item) for item in own.items()] != [_like(*item) for item in given]:
        raise CheckpointError(
            f"not the weights of this backbone ({len(given)} tensors, it has {len(own)} or other shapes)",
            source,
            "Give the file that belongs to the recipe's architecture.",
        )
    body.load_state_dict(dict(zip(own, (value for _, value in given), strict=True)), strict=False)


def _like(name: str, value: Tensor) -> tuple[str, tuple[int, ...]]:
    return name.rsplit(".", 1)[-1], tuple(value.shape)


def read_weights_file(path: Path) -> dict[str, Tensor]:
    """The tensors of a PyTorch file; only tensors are unpickled, never code.

    Raises:
        CheckpointError: It cannot be read.
    """
    try:
        weights: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises a dozen kinds for a file that is not one of its own
        raise CheckpointError(f"not a weights file ({error})", path, "Give a PyTorch state dict (.pth).") from error
    return weights


def fetch_imagenet(architecture: str) -> dict[str, Tensor]:
    """ImageNet weights from torchvision or timm, by the network; needs a connection the first time.

    Raises:
        CheckpointError: They cannot be had.
    """
    try:
        if architecture == "efficientnet-lite0-attention":
            import timm

            return dict(timm.create_model("tf_efficientnet_lite0", pretrained=True).state_dict())
        from torchvision.models import get_model_weights  # type: ignore[import-untyped]

        fetched: dict[str, Tensor] = get_model_weights(architecture.split("-")[0]).DEFAULT.get_state_dict()
        return fetched
    except (OSError, RuntimeError, ValueError) as error:
        raise CheckpointError(
            f"no ImageNet weights for {architecture} ({error})",
            next_step="Give a local file: --backbone-weights FILE.pth.",
        ) from error
