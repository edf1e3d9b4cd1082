"""Weights of a person detector: NAME.safetensors with its card NAME.json; pickles only if the user trusts them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from ultralytics.nn.tasks import DetectionModel
from ultralytics.utils import ROOT, YAML

from surveil.errors import CheckpointError
from surveil.files import is_reachable
from surveil.weights_file import card_path, fill_network, read_card, read_checked, write_weights

SHIPPED = Path(__file__).parents[1] / "weights" / "person_detector.safetensors"
ARCHITECTURES = {"yolov8n": ("n", 1), "yolov8n-coco": ("n", 80), "yolov8s.yaml": ("s", 1)}
"""The networks that a card may name: size, and for how many classes at least the head is made wide. Nothing else that a
card says may reach ultralytics, which can run what a model file says."""
MODEL_FILE = ROOT / "cfg" / "models" / "v8" / "yolov8.yaml"
"""By its whole path, for ultralytics would prefer a file of that name in the current folder to its own."""
MAX_CLASSES = 1000


@dataclass(frozen=True, slots=True)
class DetectorCard:
    """What a detector's weights are and what is known of them.

    Attributes:
        name: How the detector is called in reports.
        architecture: One of `ARCHITECTURES`.
        classes: Names of the classes; surveil's own detectors have one.
        image_size: Longer side in pixels of the pictures that it was trained on.
        start: Weights that training started from, and their terms.
        training: Data with its terms, recipe, seed.
        metrics: What was measured, and on what.
        limits: What the detector cannot do.
        licence: Licence of the weights.
        sha256: Hash of the weights file (hex); written by `save_detector`.
    """

    name: str
    architecture: str
    classes: tuple[str, ...]
    image_size: int
    start: str = ""
    training: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    limits: str = ""
    licence: str = "AGPL-3.0-only"
    sha256: str = ""


def save_detector(weights: Path, network: DetectionModel, card: DetectorCard) -> DetectorCard:
    """Write weights and card; returns the card with its SHA-256."""
    return write_weights(weights, network, card)


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


def load_detector(weights: Path) -> tuple[DetectionModel, DetectorCard]:
    """Network (float32, evaluation mode, on the CPU) and card of weights that `save_detector` wrote.

    Nothing that the card says reaches ultralytics before the weights' hash is known to be the card's and the
    architecture to be one of `ARCHITECTURES`.

    Raises:
        CheckpointError: A file is missing or damaged, or the weights are not those that the card describes.
    """
    card = _checked_card(weights, read_card(weights))
    content = read_checked(weights, card.sha256)
    network = build_detection_network(card.architecture, len(card.classes))
    fill_network(weights, network, content)
    return network.eval(), card


def _checked_card(weights: Path, values: dict[str, Any]) -> DetectorCard:
    """The card, of whose fields those that are used are what they should be.

    Raises:
        CheckpointError: They are not.
    """
    path = card_path(weights)
    classes = values.get("classes")
    try:
        if not isinstance(classes, list) or not 1 <= len(classes) <= MAX_CLASSES:
            raise TypeError("its classes are no list of names")
        if not all(isinstance(name, str) for name in (*classes, values["sha256"])):
            raise TypeError("a class or the SHA-256 is no text")
        card = DetectorCard(**{**values, "classes": tuple(classes)})
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"no detector's card ({error!r})", path, "Export it again.") from error
    if not isinstance(card.architecture, str) or card.architecture not in ARCHITECTURES:
        raise CheckpointError(
            f"architecture {str(card.architecture)[:80]!r} is none of {', '.join(ARCHITECTURES)}",
            path,
            "Detectors of other architectures are given as ultralytics weights (.pt), with --trust-detector.",
        )
    return card


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


def person_classes(names: dict[int, str], weights: Path) -> list[int]:
    """Which classes of a network are a person: the one called so, or the only one.

    Raises:
        CheckpointError: There are several classes and none is called "person".
    """
    classes = [index for index, name in names.items() if name.lower() == "person"]
    if not classes and len(names) == 1:
        return list(names)
    if not classes:
        raise CheckpointError(
            f"none of its classes is called 'person' ({', '.join(names.values())})", weights, "Give other weights."
        )
    return classes
