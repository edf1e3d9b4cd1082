"""Weights of a person detector: NAME.safetensors with its card NAME.json; pickles only if the user trusts them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surveil.errors import CheckpointError
from surveil.weights_file import card_path, fill_network, read_card, read_checked, write_weights

if TYPE_CHECKING:
    from ultralytics.nn.tasks import DetectionModel

SHIPPED = Path(__file__).parents[1] / "weights" / "person_detector.safetensors"
ARCHITECTURES = {"yolov8n": ("n", 1), "yolov8n-coco": ("n", 80), "yolov8s.yaml": ("s", 1)}
"""The networks that a card may name: size, and for how many classes at least the head is made wide. Nothing else that a
card says may reach ultralytics, which can run what a model file says."""
STRIDES = (8, 16, 32)
"""Of all `ARCHITECTURES`: see `surveil.people.predictions.PredictionDecoder`."""
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


def load_detector(weights: Path) -> tuple[DetectionModel, DetectorCard]:
    """Network (float32, evaluation mode, on the CPU) and card of weights that `save_detector` wrote.

    Nothing that the card says reaches ultralytics before the weights' hash is known to be the card's and the
    architecture to be one of `ARCHITECTURES`.

    Raises:
        CheckpointError: A file is missing or damaged, or the weights are not those that the card describes.
    """
    card, content = read_detector(weights)
    from surveil.people.network import build_detection_network

    network = build_detection_network(card.architecture, len(card.classes))
    fill_network(weights, network, content)
    return network.eval(), card


def read_detector(weights: Path) -> tuple[DetectorCard, bytes]:
    """Card, and the content of the weights file, which is the one that the card describes.

    Raises:
        CheckpointError: A file is missing or damaged, or the weights are not those that the card describes.
    """
    card = _checked_card(weights, read_card(weights))
    return card, read_checked(weights, card.sha256)


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


def person_classes(names: dict[int, str], weights: Path) -> tuple[int, ...]:
    """Which classes of a network are a person: the one called so, or the only one.

    Raises:
        CheckpointError: There are several classes and none is called "person".
    """
    classes = tuple(index for index, name in names.items() if name.lower() == "person")
    if not classes and len(names) == 1:
        return tuple(names)
    if not classes:
        raise CheckpointError(
            f"none of its classes is called 'person' ({', '.join(names.values())})", weights, "Give other weights."
        )
    return classes
