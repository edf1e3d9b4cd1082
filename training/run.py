"""A training run: what it begins with, what changes while it trains, and how that is kept on disk."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from surveil.errors import CheckpointError
from surveil.files import replace_file
from surveil.model.checkpoint import FEATURES, load_card, load_checkpoint
from surveil.model.network import Outputs, PersonNetwork, build_network
from training.datasets import PersonImages
from training.pretrained import fetch_imagenet, load_backbone, read_weights_file
from training.recipes import Recipe, Schedule
from training.teachers import teacher_sha256


@dataclass(frozen=True, slots=True)
class StartWeights:
    """Weights from elsewhere that a run begins with or learns from.

    Attributes:
        start: A checkpoint whose weights the network begins with; random ones otherwise.
        backbone: ImageNet weights for a recipe with `pretrained`; fetched from their publisher otherwise.
        teachers: Checkpoints and networks of others whose lessons the images carry, for a recipe with distillation.
    """

    start: Path | None = None
    backbone: Path | None = None
    teachers: tuple[Path, ...] = ()


NOTHING_GIVEN = StartWeights()


@dataclass(slots=True)
class Run:
    """A run under way. What `save` writes is all that changes while training, and all that a resumed run needs.

    Attributes:
        forward: The network, compiled where that is wanted.
        imitation: From the network's features to the teachers' embeddings, where there are lessons; not exported.
        shares: (32,) how often each output is 1 among the training people, where rare ones weigh more.
    """

    recipe: Recipe
    device: torch.device
    network: PersonNetwork
    classifier: nn.Linear
    optimiser: torch.optim.Optimizer
    forward: Callable[[Tensor], Outputs]
    imitation: nn.Linear | None = None
    shares: Tensor | None = None
    step: int = 0

    def save(self, path: Path) -> None:
        """Write all that a resumed run needs."""
        state = {
            "network": self.network.state_dict(),
            "classifier": self.classifier.state_dict(),
            "imitation": self.imitation.state_dict() if self.imitation else {},
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
        }
        content = io.BytesIO()
        torch.save(state, content)
        replace_file(path, content.getvalue())

    def restore(self, path: Path) -> None:
        """Take up the state that `save` wrote."""
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.classifier.load_state_dict(state["classifier"])
        if self.imitation:
            self.imitation.load_state_dict(state["imitation"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]


def start_run(recipe: Recipe, data: PersonImages, given: StartWeights, device: torch.device, compiled: bool) -> Run:
    """A run at its first step.

    Raises:
        CheckpointError: Weights that were given cannot be used.
    """
    network = build_network(recipe.architecture)
    if given.start is not None:
        begun, _ = load_checkpoint(given.start)
        network.load_state_dict(begun.state_dict())
    elif recipe.pretrained:
        weights = read_weights_file(given.backbone) if given.backbone else fetch_imagenet(recipe.architecture)
        load_backbone(network.backbone, weights, str(given.backbone or "the published weights"))
    network = network.to(device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    for name in recipe.schedule.frozen:
        network.get_submodule(name).eval().requires_grad_(False)
    classifier = nn.Linear(FEATURES, int(data.ids.max()) + 1, bias=False).to(device)
    nn.init.normal_(classifier.weight, std=0.01)
    imitation = nn.Linear(FEATURES, data.lessons.embeddings.shape[1]).to(device) if data.lessons else None
    others = [*classifier.parameters(), *(imitation.parameters() if imitation else ())]
    return Run(
        recipe,
        device,
        network,
        classifier,
        _optimiser(network, others, recipe.schedule),
        forward=torch.compile(network, dynamic=False) if compiled else network,
        imitation=imitation,
        shares=_shares(data.targets, device) if recipe.loss.balance else None,
    )


def _optimiser(network: PersonNetwork, others: list[nn.Parameter], schedule: Schedule) -> torch.optim.Optimizer:
    """AdamW in four groups: with and without weight decay, the backbone at its own share of the learning rate."""
    groups: list[dict[str, Any]] = []
    rest = [p for name, p in network.named_parameters() if not name.startswith("backbone.")]
    parts = [
        (list(network.backbone.parameters()), schedule.backbone_rate),
        ([*rest, *others], 1.0),
    ]
    for parameters, rate in parts:
        learned = [p for p in parameters if p.requires_grad]
        for matrices in (True, False):
            groups.append(
                {
                    "params": [p for p in learned if (p.ndim > 1) == matrices],
                    "weight_decay": schedule.weight_decay if matrices else 0.0,
                    "rate": rate,
                }
            )
    return torch.optim.AdamW(groups, lr=schedule.learning_rate)


def _shares(targets: NDArray[np.float32], device: torch.device) -> Tensor:
    """(32,) how often each output is 1 among the images whose attributes are known."""
    return torch.from_numpy(np.nanmean(targets, axis=0)).to(device)


def claim_folder(folder: Path, run: Run, given: StartWeights) -> None:
    """Write what decides the run beside its state: the recipe, the seed, and whose weights it was given. A folder that
    holds another run is left alone.

    Raises:
        CheckpointError: It does.
    """
    about = dataclasses.asdict(run.recipe)
    if given.start:
        card = load_card(given.start)
        about["start"] = {"name": card.name, "sha256": card.sha256, "training": card.training}
    if given.teachers:
        about["teachers"] = [{"name": path.stem, "sha256": teacher_sha256(path)} for path in given.teachers]
    path, content = folder / "recipe.json", json.dumps(about, indent=2) + "\n"
    if path.exists() and _but_its_length(path.read_text()) != _but_its_length(content):
        raise CheckpointError(
            "holds the run of another recipe or of other weights", folder, "Give another folder, or delete this one."
        )
    replace_file(path, content.encode())


def _but_its_length(recipe: str) -> dict[str, Any]:
    """What recipe.json says without the number of steps: a run may be made longer."""
    about: dict[str, Any] = json.loads(recipe)
    del about["schedule"]["steps"]
    return about
