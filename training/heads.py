"""Attribute heads on stored feature maps: the trunk stays as it is, so they train in minutes on a CPU."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from surveil.attributes import OUTPUTS
from surveil.model.network import PersonNetwork, StripeHead, probabilities
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


STRIPES = HeadSchedule(learning_rate=2e-3, weight_decay=0.05, dropout=0.0)
"""Of heads on stripes, which have dropouts of their own."""


def fit_heads(
    network: PersonNetwork,
    maps: NDArray[np.float16],
    targets: Floats,
    schedule: HeadSchedule,
    *,
    report: Callable[[str], None] = print,
) -> PersonNetwork:
    """Train the heads of a network; the rest of it stays as it is.

    Heads that see the whole map learn together; each head on stripes learns by itself.

    Args:
        network: On the CPU.
        maps: (N, 512, h, w) as `training.feature_maps.store_feature_maps` gives them.
        targets: (N, 32) from 0 to 1; NaN where nothing is known.
        schedule: How those learn that see the whole map; heads on stripes learn as `STRIPES` says.
        report: Is told the loss after every epoch.

    Returns:
        The network, in evaluation mode.

    Raises:
        FloatingPointError: The loss is no number any more.
    """
    network.eval().requires_grad_(False)
    assert isinstance(network.standardise, nn.BatchNorm2d)
    some = maps[:: max(1, len(maps) // 2000)]
    _standardise(network.standardise, torch.from_numpy(np.asarray(some, np.float32)))

    def of_maps(features: Tensor, wanted: Tensor, rng: np.random.Generator) -> Tensor:
        if rng.random() < 0.5:  # the map of a mirrored picture is nearly the mirrored map
            features = features.flip(3)
        return attribute_loss(network.logits(nn.functional.dropout2d(features, schedule.dropout)), wanted)

    whole = nn.ModuleList(head for head in network.heads if not isinstance(head, StripeHead))
    _learn(whole, of_maps, maps, targets, schedule, report)
    on_stripes = [head for head in network.modules() if isinstance(head, StripeHead)]
    pooled = [np.concatenate(parts) for parts in zip(*_pooled(network, on_stripes, maps), strict=True)]
    for head, seen in zip(on_stripes, pooled, strict=True):
        _fit_stripes(head, seen, targets, report)
    return network.eval()


def _pooled(
    network: PersonNetwork, heads: Sequence[StripeHead], maps: NDArray[np.float16]
) -> Iterator[list[NDArray[np.float32]]]:
    """What each of some heads sees of maps, a batch after the other."""
    for start in range(0, len(maps), PREDICTED):
        features = network.standardise(torch.from_numpy(np.asarray(maps[start : start + PREDICTED], np.float32)))
        yield [head.pooled(features).numpy() for head in heads]


def _fit_stripes(head: StripeHead, seen: Floats, targets: Floats, report: Callable[[str], None]) -> None:
    """Train a head on (N, 512 * top) pooled stripes and (N, 32) targets, of which it learns its own."""
    known = ~np.isnan(targets[:, head.outputs]).all(axis=1)
    if not known.any():
        return
    wanted = np.full_like(targets[known], np.nan)
    wanted[:, head.outputs] = targets[known, head.outputs]
    _standardise(head.standardise, torch.from_numpy(seen[known]))
    around = head.outputs.start, OUTPUTS - head.outputs.stop

    def of_stripes(pooled: Tensor, wanted: Tensor, _: np.random.Generator) -> Tensor:
        return attribute_loss(nn.functional.pad(head.read(pooled), around), wanted)

    _learn(head.layers, of_stripes, seen[known], wanted, STRIPES, report)


def _learn(
    heads: nn.Module,
    loss_of: Callable[[Tensor, Tensor, np.random.Generator], Tensor],
    seen: NDArray[np.floating],
    targets: Floats,
    schedule: HeadSchedule,
    report: Callable[[str], None],
) -> None:
    """Train heads by the loss of what a batch sees and of what is wanted of it.

    Args:
        heads: What learns.
        loss_of: Of (n, ...) of `seen` and (n, outputs) of `targets`; may draw.
        seen: (N, 512, h, w) maps, or (N, values).
        targets: (N, outputs).
        schedule: How.
        report: Is told the loss after every epoch.
    """
    torch.manual_seed(schedule.seed)
    rng = np.random.default_rng(schedule.seed)
    heads.train().requires_grad_(True)
    optimiser = torch.optim.AdamW(heads.parameters(), lr=schedule.learning_rate, weight_decay=schedule.weight_decay)
    batches = max(1, len(seen) // schedule.batch)
    warm_up = max(1, schedule.epochs * batches // 10)
    rate = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, warm_up, schedule.epochs * batches))
    for epoch in range(schedule.epochs):
        losses = []
        order = rng.permutation(len(seen))
        for batch in np.array_split(order[: batches * schedule.batch], batches):
            features = torch.from_numpy(seen[np.sort(batch)]).float()
            loss = loss_of(features, torch.from_numpy(targets[np.sort(batch)]), rng)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            rate.step()
            losses.append(loss.item())
        mean = float(np.mean(losses))
        if not math.isfinite(mean):
            raise FloatingPointError(f"no finite loss in epoch {epoch + 1}; lower the learning rate")
        report(f"epoch {epoch + 1} of {schedule.epochs}: loss {mean:.4f}")


def predict_attributes(network: PersonNetwork, maps: NDArray[np.float16]) -> Floats:
    """(N, 32) probabilities, not calibrated, that the heads read from (N, 512, h, w) stored maps."""
    parts = [maps[start : start + PREDICTED] for start in range(0, len(maps), PREDICTED)]
    with torch.inference_mode():
        found = [probabilities(network.logits(torch.from_numpy(np.asarray(part, np.float32)))) for part in parts]
    return torch.cat(found).numpy()


def _standardise(norm: nn.modules.batchnorm._BatchNorm, sample: Tensor) -> None:
    """Fill in mean and variance of each channel of a (N, channels, ...) sample."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    others = [axis for axis in range(sample.ndim) if axis != 1]
    norm.running_mean.copy_(sample.mean(dim=others))
    norm.running_var.copy_(sample.var(dim=others))


def _rate(step: int, warm_up: int, steps: int) -> float:
    """Share of the peak learning rate."""
    if step < warm_up:
        return (step + 1) / warm_up
    return (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up))) / 2
