"""Checkpoints of the appearance model: weights and the card that says what they are. Never a pickle."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surveil.attributes import OUTPUT_NAMES, OUTPUTS
from surveil.calibration import Calibration, check_numbers
from surveil.errors import CheckpointError
from surveil.weights_file import WEIGHTS, card_path, fill_network, read_card, read_checked, write_weights

if TYPE_CHECKING:
    from surveil.model.network import PersonNetwork

FEATURES = 512
"""Of a backbone: the first part of an embedding."""
SHIPPED_MODELS = {
    name: WEIGHTS / f"{name.replace('-', '_')}.safetensors" for name in ("osnet-attention", "resnet34-attention")
}
"""The appearance models that ship, by name; the first is the default."""
MAX_NAME = 200
"""Characters."""
MIN_SIDE, MAX_SIDE = 32, 1024
"""Pixels of a side of a crop, as the network sees it."""
EMBEDDING = FEATURES + OUTPUTS
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True)
class Card:
    """What a checkpoint is and what is known of it.

    Attributes:
        name: How the model is called in the database and in reports.
        architecture: A name that `build_network` knows.
        input_size: (height, width) of a crop in pixels.
        mean: Mean of the RGB channels (0 to 1) that the network expects to be subtracted.
        std: Standard deviation of the RGB channels that the network expects to be divided by.
        feature_weight: Weight of the 512 unit-length backbone features in the embedding.
        attribute_weight: Weight of the 32 unit-length attribute probabilities in the embedding.
        dimension_weights: Of each of the 544 dimensions besides, where learned weights rank unseen people better; else
            empty.
        cluster_threshold: Least mean similarity of two groups of sightings that are taken for one person.
        calibration: From logits and similarities to probabilities that mean what they say.
        attributes: The 32 output names, in order; checked against `surveil.attributes` on loading.
        training: Data, terms, recipe, seed.
        metrics: What was measured, and on what.
        limits: What the model cannot do.
        quantised: Of the same network in 8 bits, NAME.int8.xml and NAME.int8.bin, where there is one: the SHA-256 of
            both, one behind the other, what it was made with, and how far its answers are from the network's own.
        person: Of the head that tells what shows nobody, NAME.person.safetensors, where there is one: its SHA-256, what
            it learned from, and what it costs and finds in places that it never saw.
        sha256: Hash of the weights file (hex); written by `save_checkpoint`.
    """

    name: str
    architecture: str
    input_size: tuple[int, int]
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    feature_weight: float = 1.0
    attribute_weight: float = 0.3
    dimension_weights: tuple[float, ...] = ()
    cluster_threshold: float = 0.74
    calibration: Calibration = field(default_factory=Calibration)
    attributes: tuple[str, ...] = OUTPUT_NAMES
    training: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    limits: str = ""
    quantised: dict[str, Any] = field(default_factory=dict)
    person: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""


def find_weights(model: str | Path | None) -> Path:
    """The weights file that a setting names: a shipped model by its name, else a path; None is the default."""
    if model is None:
        return next(iter(SHIPPED_MODELS.values()))
    return SHIPPED_MODELS.get(str(model), Path(model))


def quantised_path(weights: Path) -> Path:
    """Where the network in 8 bits of a weights file lies, if it has one; its .bin lies beside it."""
    return weights.with_name(f"{weights.stem}.int8.xml")


def save_checkpoint(weights: Path, network: PersonNetwork, card: Card) -> Card:
    """Write weights and card; returns the card with its SHA-256."""
    return write_weights(weights, network, card)


def load_card(weights: Path) -> Card:
    """Read the card that lies beside a weights file.

    Raises:
        CheckpointError: No card, or one that this version cannot read.
    """
    values = read_card(weights)
    try:
        values["calibration"] = Calibration.from_dict(values["calibration"])
        for name in ("input_size", "mean", "std", "attributes", "dimension_weights"):
            values[name] = tuple(values[name])
        card = Card(**values)
        _check(card)
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"not a model card ({error})", card_path(weights), "Export the model again.") from error
    if card.attributes != OUTPUT_NAMES:
        raise CheckpointError(
            "the checkpoint was trained for another attribute table", weights, "Train it again with this version."
        )
    return card


def _check(card: Card) -> None:
    """See that what is used of a card is what it should be: it may come from anybody, and decides how much memory a
    picture takes and which numbers are stored.

    Raises:
        TypeError: A field has another type.
        ValueError: A value is none that can be worked with.
    """
    if not isinstance(card.quantised, dict):
        raise TypeError("quantised is no object")
    for name, text in (("name", card.name), ("sha256", card.sha256), ("sha256", card.quantised.get("sha256", ""))):
        if not isinstance(text, str) or len(text) > MAX_NAME:
            raise TypeError(f"{name} is no text of at most {MAX_NAME} characters")
    if card.quantised and "sha256" not in card.quantised:
        raise ValueError("quantised has no sha256")
    if len(card.input_size) != 2 or not all(isinstance(side, int) for side in card.input_size):
        raise TypeError("input_size is no height and width")
    if min(card.input_size) < MIN_SIDE or max(card.input_size) > MAX_SIDE:
        raise ValueError(f"input_size is not {MIN_SIDE} to {MAX_SIDE} pixels")
    check_numbers("mean", card.mean, 3)
    check_numbers("std", card.std, 3)
    weights = (card.feature_weight, card.attribute_weight)
    check_numbers("feature_weight, attribute_weight and cluster_threshold", (*weights, card.cluster_threshold), 3)
    check_numbers("dimension_weights", card.dimension_weights, EMBEDDING if card.dimension_weights else 0)
    if min(card.std) <= 0 or min(weights) < 0 or max(weights) == 0:
        raise ValueError("std, or a weight, is too small")
    card.calibration.check()


def load_checkpoint(weights: Path) -> tuple[PersonNetwork, Card]:
    """Network (float32, evaluation mode, on the CPU) and card.

    Raises:
        CheckpointError: A file is missing, is no safetensors file, or is not the one its card describes.
    """
    from surveil.model.network import build_network

    card, content = read_checkpoint(weights)
    network = build_network(card.architecture)
    fill_network(weights, network, content)
    return network.eval(), card


def read_checkpoint(weights: Path) -> tuple[Card, bytes]:
    """Card, and the content of the weights file, which is the one that the card describes.

    Raises:
        CheckpointError: A file is missing, is no safetensors file, or is not the one its card describes.
    """
    if weights.suffix != ".safetensors":
        raise CheckpointError(
            "not a .safetensors file", weights, "Pickled weights can run code; export them with `python -m training`."
        )
    card = load_card(weights)
    return card, read_checked(weights, card.sha256)
