"""The person detector's network: built after the architecture that a card names, or taken from a trusted pickle."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from ultralytics.nn.modules import Detect
from ultralytics.nn.tasks import DetectionModel
from ultralytics.utils import ROOT, YAML

from surveil.errors import CheckpointError
from surveil.files import is_reachable
from surveil.people.checkpoint import ARCHITECTURES

MODEL_FILE = ROOT / "cfg" / "models" / "v8" / "yolov8.yaml"
"""By its whole path, for ultralytics would prefer a file of that name in the current folder to its own."""


def build_detection_network(architecture: str, classes: int) -> DetectionModel:
    """An untrained network of one of the `ARCHITECTURES`; KeyError for any other name."""
    size, wide = ARCHITECTURES[architecture]
    network = DetectionModel({**YAML.load(MODEL_FILE), "scale": size}, nc=max(classes, wide), verbose=False)
    if classes < wide:
        _keep_classes(network, classes)
    return network


def _keep_classes(network: DetectionModel, classes: int) -> None:
    """Leave the head as wide as it is, and only so many of its outputs."""
    head = network.model[-1]
    for branch in head.cv3:
        branch[-1] = torch.nn.Conv2d(branch[-1].in_channels, classes, 1)
    head.nc, head.no = classes, classes + 4 * head.reg_max
    head.bias_init()
    network.names = dict(enumerate(map(str, range(classes))))


def load_pickled_detector(weights: Path, *, trust: bool) -> DetectionModel:
    """The network of ultralytics weights (.pt), which are a pickle: unpickling can run any code.

    Raises:
        CheckpointError: There is no such file, it is not trusted, or it holds no ultralytics detection network.
    """
    if not (is_reachable(weights) and weights.is_file()):
        raise CheckpointError(
            "no such file, and surveil downloads nothing",
            weights,
            "Fetch the weights where there is a network, copy them here, and give their path.",
        )
    if not trust:
        raise CheckpointError(
            "these weights are a pickle, which can run code when it is loaded",
            weights,
            "If you trust where they come from, add --trust-detector.",
        )
    try:  # not ultralytics' own loader, which looks online for files and packages that it misses
        content = torch.load(weights, map_location="cpu", weights_only=False)
        network = content.get("ema") or content["model"]
    except Exception as error:  # unpickling a foreign file can raise anything
        raise CheckpointError(
            f"not ultralytics weights ({error!r})", weights, "Give a .pt file of ultralytics."
        ) from error
    if type(network) is not DetectionModel:
        raise CheckpointError(
            f"holds a {type(network).__name__}, not a detection network", weights, "Give weights for detection."
        )
    return network.float().eval()


class PictureDetector(nn.Module):
    """A network as a runtime takes it: pictures in, predictions out.

    Where the head is YOLO's usual one, boxes leave it as distances from their cell, counted in cells. A position in a
    picture of 960 pixels would be rounded to 4 pixels in bfloat16, which has 8 bits; distances lose next to nothing.

    Args:
        network: Any ultralytics detection network; stays where it is, and is fused.
    """

    def __init__(self, network: DetectionModel) -> None:
        super().__init__()
        self.network = network.fuse(verbose=False)
        head = network.model[-1]
        head.dynamic = True  # else its anchors are those of the first pictures that it saw
        if strides_of(network) is not None:
            head._get_decode_boxes = lambda said: head.dfl(said["boxes"])

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, h, w, 3) BGR pictures, 0 to 255, to the (N, 4 + classes, anchors) boxes and scores."""
        output = self.network(pictures.flip(-1).permute(0, 3, 1, 2).float() / 255)
        predictions: Tensor = output[0] if isinstance(output, (tuple, list)) else output
        return predictions


def strides_of(network: DetectionModel) -> tuple[int, ...] | None:
    """Pixels per cell of each level, where `PictureDetector` gives boxes as distances; None where as positions."""
    head = network.model[-1]
    return tuple(int(stride) for stride in head.stride) if type(head) is Detect and not head.end2end else None
