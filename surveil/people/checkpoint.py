"""Weights of a person detector: NAME.safetensors with its card NAME.json; pickles only if the user trusts them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from ultralytics.nn.tasks import DetectionModel

from surveil.errors import CheckpointError

SHIPPED = Path(__file__).parents[1] / "weights" / "person_detector.safetensors"


@dataclass(frozen=True, slots=True)
class DetectorCard:
    """What a detector's weights are and what is known of them.

    Attributes:
        name: How the detector is called in reports.
        architecture: The ultralytics model file that describes the network, such as "yolov8s.yaml".
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
    """Write weights (floating point as float16) and card; returns the card with its SHA-256.

    Both files are written beside their destination and renamed, so that a killed run leaves no half checkpoint.
    """
    tensors = {
        name: tensor.detach().cpu().to(torch.float16 if tensor.is_floating_point() else tensor.dtype).contiguous()
        for name, tensor in network.state_dict().items()
    }
    content = save_tensors(tensors)
    card = dataclasses.replace(card, sha256=hashlib.sha256(content).hexdigest())
    weights.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(dataclasses.asdict(card), indent=2) + "\n"
    for path, data in ((weights, content), (weights.with_suffix(".json"), text.encode())):
        partial = path.with_name(path.name + ".part")
        partial.write_bytes(data)
        partial.replace(path)
    return card


def load_detector(weights: Path) -> tuple[DetectionModel, DetectorCard]:
    """Network (float32, evaluation mode, on the CPU) and card of weights that `save_detector` wrote.

    Raises:
        CheckpointError: A file is missing or damaged, or the weights are not those that the card describes.
    """
    content = _read(weights)
    card = _read_card(weights.with_suffix(".json"))
    if hashlib.sha256(content).hexdigest() != card.sha256:
        raise CheckpointError(
            "the weights are not the ones that the card describes (SHA-256 differs)", weights, "Copy both files again."
        )
    try:
        network = DetectionModel(card.architecture, nc=len(card.classes), verbose=False)
        network.load_state_dict({name: tensor.float() for name, tensor in load_tensors(content).items()})
    except (FileNotFoundError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(f"does not fit {card.architecture} ({error})", weights, "Export it again.") from error
    return network.eval(), card


def load_pickled_detector(weights: Path, *, trust: bool) -> DetectionModel:
    """The network of ultralytics weights (.pt), which are a pickle: unpickling can run any code.

    Raises:
        CheckpointError: There is no such file, it is not trusted, or it holds no ultralytics detection network.
    """
    if not weights.is_file():
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


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"cannot be read ({error.strerror})", path, "Check the path.") from error


def _read_card(path: Path) -> DetectorCard:
    try:
        values = json.loads(_read(path))
        return DetectorCard(**{**values, "classes": tuple(values["classes"])})
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"not a detector's card ({error})", path, "Export the detector again.") from error
