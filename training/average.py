"""The mean of checkpoints that were trained one after the other: better than the last of them, at the cost of one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from surveil.errors import CheckpointError
from surveil.evaluation.protocols.paper import held_out_split
from surveil.model.checkpoint import Card, load_checkpoint, save_checkpoint
from surveil.model.network import PersonNetwork, build_network
from training.calibrate import calibrate
from training.export import load_held_out


def average_checkpoints(checkpoints: Sequence[Path], data: Path, out: Path, *, device: str = "auto") -> Card:
    """Write the mean of the first checkpoint and of each further one that helps on the held-out identities.

    After the greedy soup of Wortsman et al., "Model soups: averaging weights of multiple fine-tuned models improves
    accuracy without increasing inference time", ICML 2022. The card is the first one's, calibrated anew, and tells
    whose mean it is.

    Raises:
        CheckpointError: A checkpoint cannot be used, or does not go with the first one.
        DatasetError: `data` is not the dataset.
    """
    (begun, first), *others = [load_checkpoint(path) for path in checkpoints]
    first = dataclasses.replace(first, metrics={})
    judges = load_held_out(data, first)
    for path, (_, card) in zip(checkpoints[1:], others, strict=True):
        _check_kinship(card, first, path)
    kept, network = [(begun, first)], begun
    best = calibrate(network, first, judges, device=device)
    for candidate in others:
        mean = _mean([network for network, _ in [*kept, candidate]], first.architecture)
        tried = calibrate(mean, first, judges, device=device)
        if tried.metrics["validation_mAP"] > best.metrics["validation_mAP"]:
            kept, network, best = [*kept, candidate], mean, tried
    told = [{"name": card.name, "sha256": card.sha256, "data": card.training["data"]} for _, card in kept]
    return save_checkpoint(out, network, dataclasses.replace(best, training={**best.training, "mean_of": told}))


def _check_kinship(card: Card, first: Card, path: Path) -> None:
    """A weight means the same in two networks only if they are built alike; only people whom neither saw can judge."""
    for what, own, wanted in (
        ("the network", card.architecture, first.architecture),
        ("the mean and deviation of pictures", (card.mean, card.std), (first.mean, first.std)),
        ("the held-out identities", held_out_split(card), held_out_split(first)),
    ):
        if own != wanted:
            raise CheckpointError(
                f"{what} of the first checkpoint: {wanted}, of this one: {own}", path, "Leave it out of the mean."
            )


def _mean(networks: Sequence[PersonNetwork], architecture: str) -> PersonNetwork:
    """A network of the mean of every weight and batch statistic; counters are those of the first."""
    # Calibration leaves a network on the device where it ran.
    first, *_ = states = [network.cpu().state_dict() for network in networks]
    mean = build_network(architecture)
    mean.load_state_dict({name: _mean_of([state[name] for state in states]) for name in first})
    return mean.eval()


def _mean_of(values: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(values)).mean(dim=0) if values[0].is_floating_point() else values[0]
