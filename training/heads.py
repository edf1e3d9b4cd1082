"""Attribute heads on stored feature maps: the trunk stays as it is, so they train in minutes on a CPU."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from surveil.model.network import PersonNetwork, probabilities
from surveil.types import Floats
from training.losses import attribute_loss

PREDICTED = 256
"""Maps that the heads read at once."""


@dataclass(frozen=True, slots=True)
class HeadSchedule:
    """How the heads are trained.

    Attributes:
        epochs: Times that every map is seen, half of them mirrored.
        batch: Maps in a batch.
        learning_rate: Peak of AdamW's rate: a linear warm-up over a tenth of the steps, then a cosine to zero.
        weight_decay: Of AdamW.
        dropout: Share of a map's channels that are left out, on top of the heads' own dropout.
        seed: Decides all that is drawn.
    """

    epochs: int = 4
    batch: int = 128
    learning_rate: float = 1e-3
    weight_decay: float = 0.02
    dropout: float = 0.2
    seed: int = 0


def fit_heads(
    network: PersonNetwork,
    maps: NDArray[np.float16],
    targets: Floats,
    schedule: HeadSchedule,
    *,
    report: Callable[[str], None] = print,
) -> PersonNetwork:
    """Train the heads of a network; the rest of it stays as it is.

    Args:
        network: On the CPU.
        maps: (N, 512, h, w) as `training.feature_maps.store_feature_maps` gives them.
        targets: (N, 32) from 0 to 1; NaN where nothing is known.
        schedule: How.
        report: Is told the loss after every epoch.

    Returns:
        The network, in evaluation mode.

    Raises:
        FloatingPointError: The loss is no number any more.
    """
    torch.manual_seed(schedule.seed)
    rng = np.random.default_rng(schedule.seed)
    network.eval().requires_grad_(False)
    _standardise(network, maps)
    network.heads.train().requires_grad_(True)
    optimiser = torch.optim.AdamW(
        network.heads.parameters(), lr=schedule.learning_rate, weight_decay=schedule.weight_decay
    )
    batches = len(maps) // schedule.batch
    warm_up = max(1, schedule.epochs * batches // 10)
    rate = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, warm_up, schedule.epochs * batches))
    for epoch in range(schedule.epochs):
        losses = []
        order = rng.permutation(len(maps))
        for batch in np.array_split(order[: batches * schedule.batch], batches):
            features = torch.from_numpy(maps[np.sort(batch)]).float()
            if rng.random() < 0.5:  # the map of a mirrored picture is nearly the mirrored map
                features = features.flip(3)
            logits = network.logits(nn.functional.dropout2d(features, schedule.dropout))
            loss = attribute_loss(logits, torch.from_numpy(targets[np.sort(batch)]))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            rate.step()
            losses.append(loss.item())
        mean = float(np.mean(losses))
        if not math.isfinite(mean):
            raise FloatingPointError(f"no finite loss in epoch {epoch + 1}; lower the learning rate")
        report(f"epoch {epoch + 1} of {schedule.epochs}: loss {mean:.4f}")
    return network.eval()


def predict_attributes(network: PersonNetwork, maps: NDArray[np.float16]) -> Floats:
    """(N, 32) probabilities, not calibrated, that the heads read from (N, 512, h, w) stored maps."""
    parts = [maps[start : start + PREDICTED] for start in range(0, len(maps), PREDICTED)]
    with torch.inference_mode():
        found = [probabilities(network.logits(torch.from_numpy(np.asarray(part, np.float32)))) for part in parts]
    return torch.cat(found).numpy()


def _standardise(network: PersonNetwork, maps: NDArray[np.float16]) -> None:
    """Fill in mean and variance of each channel over a sample of the maps."""
    norm = network.standardise
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    sample = torch.from_numpy(np.asarray(maps[:: max(1, len(maps) // 2000)], np.float32))
    norm.running_mean.copy_(sample.mean(dim=(0, 2, 3)))
    norm.running_var.copy_(sample.var(dim=(0, 2, 3)))


def _rate(step: int, warm_up: int, steps: int) -> float:
    """Share of the peak learning rate."""
    if step < warm_up:
        return (step + 1) / warm_up
    return (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up))) / 2
