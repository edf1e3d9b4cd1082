"""From a finished run to the checkpoint that surveil loads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from surveil.errors import CheckpointError
from surveil.model.checkpoint import Card, save_checkpoint
from surveil.model.network import build_network
from training.calibrate import calibrate
from training.datasets import load_market1501, split_identities

_TERMS = "Market-1501 and CUHK03 (detected) were released for research; their pictures are not part of surveil."
_LIMITS = (
    "Trained on daylight pictures of one university campus in summer. Tells people apart by clothes and build, not by "
    "faces: people dressed alike are confused, and nobody is recognised in other clothes. Rare values (hat, handbag, "
    "young, old, rare colours) are often missed. A match is a lead for a person to check, never evidence."
)


def _data(recipe: dict[str, Any]) -> str:
    named = {"cuhk03_identities": "CUHK03 detected", "rendered_identities": "people rendered by tools/sample_data"}
    return ", ".join(["Market-1501 train", *(name for key, name in named.items() if recipe["data"][key])])


def export_run(run: Path, data: Path, out: Path, *, device: str = "auto") -> Card:
    """Calibrate a run's network on the identities it never saw, and write weights and card.

    Raises:
        CheckpointError: The folder holds no finished run.
        DatasetError: `data` is not the dataset.
    """
    try:
        recipe = json.loads((run / "recipe.json").read_text())
        state = torch.load(run / "state.pt", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError("not a training run", error.filename, "Run `python -m training fit` first.") from error
    if state["step"] < recipe["schedule"]["steps"]:
        raise CheckpointError(
            f"stopped at step {state['step']} of {recipe['schedule']['steps']}", run, "Call `fit` again to go on."
        )
    network = build_network(recipe["architecture"])
    network.load_state_dict(state["network"])
    size = (int(recipe["input_size"][0]), int(recipe["input_size"][1]))
    people = load_market1501(data, size)
    held_out = people.of(split_identities(people.ids, recipe["data"]["validation_share"], recipe["data"]["split_seed"]))
    card = Card(
        recipe["name"], recipe["architecture"], size, limits=_LIMITS,
        training={"data": _data(recipe), "terms": _TERMS, "recipe": recipe},
    )  # fmt: skip
    card = calibrate(network.eval(), card, held_out, device=device)
    return save_checkpoint(out, network, card)
