"""The training loop: fits a network to people's identities and attributes; survives a kill and goes on."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from surveil.device import fast_dtype, resolve_device
from surveil.model.network import Outputs, PersonNetwork
from training.augment import augment, normalise
from training.datasets import PersonImages, join_sets
from training.distil import Taught, distillation_losses
from training.log import Log, Stopwatch
from training.losses import attribute_loss, triplet_loss
from training.recipes import Recipe, Schedule
from training.run import NOTHING_GIVEN, Run, StartWeights, claim_folder, start_run
from training.sampler import identity_batches


class OutOfTimeError(Exception):
    """A run stopped because its time was over, with its state saved; called again, it goes on.

    Args:
        step: How far it came.
        steps: Of how many.
    """

    def __init__(self, step: int, steps: int) -> None:
        super().__init__(f"out of time at step {step} of {steps}: call again to go on")


@dataclass(frozen=True, slots=True)
class Batch:
    """N images to learn from.

    Attributes:
        pictures: (N, 3, H, W) RGB from 0 to 1, augmented.
        ids: (N,) identities.
        targets: (N, 32) the outputs as they should be; NaN where nobody knows.
        taught: What the teachers say, for a recipe with distillation.
    """

    pictures: Tensor
    ids: Tensor
    targets: Tensor
    taught: Taught | None


def fit(
    recipe: Recipe,
    sets: Sequence[tuple[PersonImages, int]],
    folder: Path,
    given: StartWeights = NOTHING_GIVEN,
    *,
    device: str = "auto",
    compiled: bool = False,
    save_every: int = 200,
    until: float = math.inf,
    report: Callable[[str], None] = print,
) -> PersonNetwork:
    """Train, or go on training if `folder` holds the state of a killed run.

    Args:
        recipe: What to do.
        sets: Images to learn from, each with how many of its identities a batch takes.
        folder: Gets recipe.json, state.pt, log.jsonl (a line every 20 steps) and the same for TensorBoard. A line
            has the losses, and the seconds that a step took to draw and augment its batch (data) and to learn (step).
        given: Weights from elsewhere.
        device: "auto", "cpu" or "cuda".
        compiled: Whether to run through torch.compile: a minute to begin, a few percent faster from then on.
        save_every: Steps between two states.
        until: When `time.monotonic` is there, the run saves its state and stops.
        report: Is told a line now and then.

    Raises:
        CheckpointError: Weights that were given cannot be used, or `folder` holds the run of another recipe.
        FloatingPointError: The loss is no number any more.
        OutOfTimeError: `until` came before the last step.
    """
    torch.manual_seed(recipe.seed)
    torch.backends.cudnn.deterministic = True
    data, pools = _pools(sets)
    run = start_run(recipe, data, given, resolve_device(device), compiled)
    folder.mkdir(parents=True, exist_ok=True)
    claim_folder(folder, run, given)
    state = folder / "state.pt"
    if state.exists():
        run.restore(state)
        report(f"going on at step {run.step}")
    # All of it lies where it is used: 0.3 GB for Market-1501 at 128 x 64.
    images, ids, targets = (torch.from_numpy(v).to(run.device) for v in (data.images, data.ids, data.targets))
    lessons = _lessons(data, run.device)
    batches = identity_batches(data.ids, pools, recipe.schedule.images, recipe.seed, run.step)
    log, watch = Log(folder, run.step, report), Stopwatch(run.device)
    while run.step < recipe.schedule.steps:
        watch.mark("")
        chosen = torch.from_numpy(next(batches)).to(run.device, non_blocking=True)
        taught = Taught(lessons.embeddings[chosen], lessons.attributes[chosen]) if lessons else None
        batch = Batch(_augmented(images[chosen], recipe, run.step), ids[chosen], targets[chosen], taught)
        watch.mark("data")
        losses = _step(run, batch)
        watch.mark("step")
        run.step += 1
        last = run.step == recipe.schedule.steps
        if run.step % 20 == 0 or last:
            _log(log, run, losses, watch.seconds(), report)
        late = time.monotonic() >= until and not last
        if run.step % save_every == 0 or last or late:
            _check(run, losses)
            run.save(state)
        if late:
            log.close()
            raise OutOfTimeError(run.step, recipe.schedule.steps)
    log.close()
    return run.network.eval()


def _pools(sets: Sequence[tuple[PersonImages, int]]) -> tuple[PersonImages, list[tuple[NDArray[np.int64], int]]]:
    """All images with identities renumbered, and each set's identities with their number in a batch."""
    data = join_sets([images for images, _ in sets])
    ends = np.cumsum([len(images) for images, _ in sets])
    parts = np.split(data.ids, ends[:-1])
    return data, [(np.unique(ids), count) for ids, (_, count) in zip(parts, sets, strict=True)]


def _lessons(data: PersonImages, device: torch.device) -> Taught | None:
    if data.lessons is None:
        return None
    return Taught(*(torch.from_numpy(part).to(device) for part in (data.lessons.embeddings, data.lessons.attributes)))


def learning_rate(step: int, schedule: Schedule) -> float:
    """Linear warm-up, then a cosine that ends at zero."""
    if step < schedule.warmup_steps:
        return schedule.learning_rate * (step + 1) / schedule.warmup_steps
    done = (step - schedule.warmup_steps) / max(1, schedule.steps - schedule.warmup_steps)
    return schedule.learning_rate * (1 + math.cos(math.pi * min(1.0, done))) / 2


def _augmented(images: Tensor, recipe: Recipe, step: int) -> Tensor:
    """(N, H, W, 3) uint8 BGR to (N, 3, H, W) RGB from 0 to 1, augmented; the step decides what is drawn."""
    generator = Generator(images.device).manual_seed(recipe.seed * 1_000_003 + step)
    return augment(images.permute(0, 3, 1, 2).flip(1).float().div(255), recipe.augmentation, generator)


def _input_size(recipe: Recipe, step: int) -> tuple[int, int]:
    small = step < recipe.schedule.small_until * recipe.schedule.steps
    return recipe.schedule.small_size if small else recipe.input_size


def _step(run: Run, batch: Batch) -> dict[str, Tensor]:
    """One step; what it lost."""
    recipe = run.recipe
    # Dropout draws from here: the step alone decides, so that a resumed run is the undisturbed one.
    torch.manual_seed(recipe.seed * 1_000_003 + run.step)
    for group in run.optimiser.param_groups:
        group["lr"] = group["rate"] * learning_rate(run.step, recipe.schedule)
    # bfloat16 needs no loss scaling, on either device.
    with torch.autocast(run.device.type, dtype=torch.bfloat16, enabled=fast_dtype(run.device) != torch.float32):
        outputs = run.forward(normalise(batch.pictures, _input_size(recipe, run.step), recipe.mean, recipe.std))
        scores = run.classifier(outputs.features).float() if recipe.loss.identity else None
        imitated = run.imitation(outputs.features) if run.imitation else None
    losses = _losses(run, outputs, scores, batch)
    if batch.taught is not None and imitated is not None:
        weights = dataclasses.asdict(recipe.distillation)
        found = distillation_losses(outputs, imitated, batch.taught)
        losses |= {f"distil_{name}": weights[name] * value for name, value in found.items()}
    loss = torch.stack(list(losses.values())).sum()
    run.optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(run.network.parameters(), 5.0)
    run.optimiser.step()
    losses = {name: value.detach() for name, value in losses.items()}
    if scores is not None:
        losses["identity_accuracy"] = (scores.argmax(1) == batch.ids).float().mean()
    return losses


def _losses(run: Run, outputs: Outputs, scores: Tensor | None, batch: Batch) -> dict[str, Tensor]:
    """The losses that the recipe gives a weight."""
    loss = run.recipe.loss
    found: dict[str, Tensor] = {}
    if loss.attributes:
        found["attributes"] = loss.attributes * attribute_loss(outputs.logits.float(), batch.targets, run.shares)
    if scores is not None:
        found["identity"] = loss.identity * F.cross_entropy(scores, batch.ids, label_smoothing=loss.label_smoothing)
    if loss.triplet:
        found["triplet"] = loss.triplet * triplet_loss(outputs.pooled, batch.ids, loss.triplet_margin)
    return found


def _check(run: Run, losses: dict[str, Tensor]) -> None:
    """Once a loss is no number, the weights are none and every later loss is none: looking now and then is enough."""
    if not all(value.isfinite() for value in losses.values()):
        shown = ", ".join(f"{name} {value.item()}" for name, value in losses.items())
        raise FloatingPointError(f"no finite loss at step {run.step} ({shown}); lower the learning rate")


def _log(
    log: Log, run: Run, losses: dict[str, Tensor], seconds: dict[str, float], report: Callable[[str], None]
) -> None:
    _check(run, losses)
    values = {name: round(float(value), 4) for name, value in losses.items()}
    log.write(run.step, {**values, **{f"seconds_{name}": round(value, 4) for name, value in seconds.items()}})
    if run.step % 100 == 0:
        told = [*(f"{name} {value}" for name, value in values.items())]
        told += [f"{name} {value:.3f} s" for name, value in seconds.items()]
        report(f"step {run.step}: " + ", ".join(told))
