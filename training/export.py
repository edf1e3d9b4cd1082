"""From a finished run to the checkpoint that surveil loads."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from surveil.errors import CheckpointError
from surveil.evaluation.protocols.official import JOINED, evaluate_official
from surveil.evaluation.protocols.paper import held_out_images
from surveil.model.checkpoint import Card, save_checkpoint
from surveil.model.embed import AppearanceModel
from surveil.model.network import build_network
from surveil.weights_file import write_card
from training.calibrate import calibrate
from training.datasets import PersonImages, load_market1501

_TERMS = "Market-1501 and CUHK03 (detected) were released for research; their pictures are not part of surveil."
_LIMITS = (
    "Trained on daylight pictures of one university campus in summer. Tells people apart by clothes and build, not by "
    "faces: people dressed alike are confused, and nobody is recognised in other clothes. Of light, cameras and "
    "clothes unlike those, expect less: see the sample footage. Hats, handbags, bags, long sleeves, young and old are "
    "not to be relied on. A match is a lead for a person to check, never evidence."
)


_MEASURED = ("mAP", "rank1", "rank5", "rank10", "mINP")


def _data(recipe: dict[str, Any]) -> str:
    """What a run learned from, in whatever way; also what the checkpoint had learned from that it began with."""
    named = {"cuhk03_identities": "CUHK03 detected", "rendered_identities": "people rendered by tools/sample_data"}
    sources = ["Market-1501 train", *(name for key, name in named.items() if recipe["data"][key])]
    if recipe.get("pretrained"):
        sources.append("a backbone that its publisher trained on ImageNet")
    sources += [f"a teacher ({teacher['name']})" for teacher in recipe.get("teachers", [])]
    if "start" in recipe:
        sources += recipe["start"]["training"]["data"].split(", ")
    return ", ".join(dict.fromkeys(sources))


def export_run(run: Path, data: Path, out: Path, *, device: str = "auto") -> Card:
    """Calibrate a run's network on the identities it never saw, and write weights and card.

    Raises:
        CheckpointError: The folder holds no finished run.
        DatasetError: `data` is not the dataset.
    """
    try:
        recipe = json.loads((run / "recipe.json").read_text())
        state = torch.load(run / "state.pt", map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError("not a training run", error.filename, "Run `python -m training fit` first.") from error
    if state["step"] < recipe["schedule"]["steps"]:
        raise CheckpointError(
            f"stopped at step {state['step']} of {recipe['schedule']['steps']}", run, "Call `fit` again to go on."
        )
    network = build_network(recipe["architecture"])
    network.load_state_dict(state["network"])
    size = (int(recipe["input_size"][0]), int(recipe["input_size"][1]))
    card = Card(
        recipe["name"],
        recipe["architecture"],
        size,
        tuple(recipe["mean"]),
        tuple(recipe["std"]),
        limits=_LIMITS,
        training={"data": _data(recipe), "terms": _TERMS, "recipe": recipe},
    )
    card = calibrate(network.eval(), card, load_held_out(data, card), device=device)
    return save_checkpoint(out, network, card)


def load_held_out(data: Path, card: Card) -> PersonImages:
    """The train folder's people whom the network of this card never saw, at its input size.

    Raises:
        CheckpointError: The card does not tell.
        DatasetError: `data` is not the dataset.
    """
    people = load_market1501(data, card.input_size)
    held_out = held_out_images(people.ids, card)
    if held_out is None:
        raise CheckpointError("the card does not tell whom it never saw", card.name, "Export the run again.")
    return people.of(held_out)


def measure(weights: Path, data: Path, *, device: str = "auto") -> Card:
    """Measure a checkpoint by the official protocol and write the figures into its card.

    Raises:
        CheckpointError: The checkpoint cannot be used.
        DatasetError: `data` has no test folders, or no annotations.
    """
    model = AppearanceModel.load(weights, device=device)
    result = evaluate_official(data, model)
    identities = len(np.unique(result.query.ids))
    figures = result.reid[JOINED].summary()
    metrics = dict(model.card.metrics)
    where = f"Market-1501 test, {identities} identities"
    metrics[f"{where}, single query"] = {name: round(float(figures[name]), 4) for name in _MEASURED}
    if result.attributes is not None:
        means = result.attributes.recognition.means()
        metrics[f"{where}, attributes"] = {n: round(value, 4) for n, value in means.items() if value is not None}
        filters = result.attributes.filters.items()  # a value that nobody has, or everybody, tells nothing
        metrics[f"{where}, filters"] = {name: one.summary() for name, one in filters if 0 < one.share < 1}
        metrics[f"{where}, filters by least probability"] = result.attributes.filter_curves.summary()
    card = dataclasses.replace(model.card, metrics=metrics)
    write_card(weights, card)
    return card
