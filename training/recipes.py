"""Recipes: everything that decides a training run, read from one TOML file."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surveil.errors import SurveilError
from surveil.model.checkpoint import IMAGENET_MEAN, IMAGENET_STD


@dataclass(frozen=True, slots=True)
class Data:
    """What the run learns from.

    Attributes:
        validation_share: Share of the identities of the train folder that are held out.
        split_seed: Decides which.
        cuhk03_identities: How many of a batch's identities come from CUHK03 (no attributes).
        rendered_identities: How many come from `python -m tools.sample_data.crops` (with attributes).
    """

    validation_share: float = 0.2
    split_seed: int = 0
    cuhk03_identities: int = 0
    rendered_identities: int = 0


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long, how fast, on what batches.

    Attributes:
        steps: Optimiser steps.
        identities: P, identities in a batch.
        images: K, images of each.
        learning_rate: Peak of AdamW's rate: linear warm-up, then a cosine to zero.
        weight_decay: Of AdamW; not applied to vectors (biases, normalisation).
        warmup_steps: Length of the warm-up.
        backbone_rate: The backbone's share of the learning rate: below 1 where it begins pretrained.
        frozen: Names of modules that stay as they are, batch statistics included.
        small_until: Until this share of the steps, images are trained at `small_size`: more steps for the same time.
        small_size: (height, width) in pixels.
    """

    steps: int = 3000
    identities: int = 16
    images: int = 4
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warmup_steps: int = 200
    backbone_rate: float = 1.0
    frozen: tuple[str, ...] = ()
    small_until: float = 0.0
    small_size: tuple[int, int] = (96, 48)


@dataclass(frozen=True, slots=True)
class Loss:
    """Weights of the losses; a weight of 0 turns one off.

    Attributes:
        balance: Whether rare values of the attributes weigh more; see `training.losses.attribute_loss`.
    """

    attributes: float = 1.0
    balance: bool = False
    identity: float = 1.0
    label_smoothing: float = 0.1
    triplet: float = 1.0
    triplet_margin: float = 0.3


@dataclass(frozen=True, slots=True)
class Distillation:
    """Weights of what a student learns from its teacher; see `training.distil.distillation_losses`."""

    features: float = 0.0
    similarities: float = 0.0
    logits: float = 0.0

    def any(self) -> bool:
        """Whether the recipe needs a teacher."""
        return bool(self.features or self.similarities or self.logits)


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How strongly training images are varied; the defaults are the report's where it states one.

    Attributes:
        flip: Probability of mirroring.
        erase: Probability of erasing a rectangle of 2 to 33 % of the area.
        rotate: Largest angle in degrees, either way.
        shift: Largest shift as a share of the size, either way.
        jitter: Largest relative change of brightness, contrast and saturation.
    """

    flip: float = 0.2
    erase: float = 0.1
    rotate: float = 15.0
    shift: float = 0.0
    jitter: float = 0.2


@dataclass(frozen=True, slots=True)
class Recipe:
    """One training run.

    Attributes:
        name: How the model will be called.
        architecture: A name that `surveil.model.network.build_network` knows.
        pretrained: Whether the backbone begins with ImageNet weights.
        input_size: (height, width) in pixels.
        mean: Of the RGB channels (0 to 1), subtracted; ImageNet's unless the pretrained weights want another.
        std: Of the RGB channels, divided by.
        seed: Decides all that is drawn.
    """

    name: str
    architecture: str
    pretrained: bool = False
    input_size: tuple[int, int] = (128, 64)
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    seed: int = 0
    data: Data = Data()
    schedule: Schedule = Schedule()
    loss: Loss = Loss()
    distillation: Distillation = Distillation()
    augmentation: Augmentation = Augmentation()


_SECTIONS = {
    "data": Data,
    "schedule": Schedule,
    "loss": Loss,
    "distillation": Distillation,
    "augmentation": Augmentation,
}


def load_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        SurveilError: The file is missing, is not TOML, or has a key that no recipe has.
    """
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SurveilError(f"not a recipe ({error})", path, "Recipes lie in configs/training.") from error
    try:
        for name, section in _SECTIONS.items():
            values[name] = section(**_tuples(values.get(name, {})))
        recipe = Recipe(**_tuples(values))
    except TypeError as error:
        known = ", ".join(f.name for kind in (Recipe, *_SECTIONS.values()) for f in dataclasses.fields(kind))
        raise SurveilError(f"not a recipe ({error})", path, f"Known keys: {known}.") from error
    loss = recipe.loss
    if not (loss.attributes or loss.identity or loss.triplet or recipe.distillation.any()):
        raise SurveilError("not a recipe (every loss has weight 0)", path, "Give one of them a weight.")
    return recipe


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
