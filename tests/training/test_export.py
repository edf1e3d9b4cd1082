import dataclasses
import json
import shutil

import pytest
import torch

from surveil.errors import CheckpointError
from surveil.evaluation.protocols.market1501 import ROOT
from surveil.model.checkpoint import load_card, load_checkpoint
from training.datasets import load_market1501
from training.export import export_run, measure
from training.loop import fit
from training.recipes import Data, Recipe, Schedule

RECIPE = Recipe(
    "tiny",
    "resnet34-attention",
    input_size=(64, 32),
    mean=(0.4, 0.5, 0.6),
    data=Data(validation_share=1.0),
    schedule=Schedule(steps=1, identities=2, images=2),
)


@pytest.fixture
def run(market1501, tmp_path):
    """A run on the made-up dataset, with two crops per camera; both its train identities are held out."""
    for crop in (market1501 / ROOT / "bounding_box_train").iterdir():
        shutil.copy(crop, crop.with_name(crop.name.replace("_000001_", "_000009_")))
    torch.manual_seed(0)
    people = load_market1501(market1501, RECIPE.input_size)
    folder = tmp_path / "run"
    fit(RECIPE, [(people, 2)], folder, device="cpu", report=lambda _: None)
    return folder


def test_what_was_trained_is_what_surveil_loads_and_the_card_tells_how_it_came_about(run, market1501, tmp_path):
    weights = tmp_path / "model.safetensors"
    card = export_run(run, market1501, weights, device="cpu")
    network, loaded = load_checkpoint(weights)
    assert loaded == dataclasses.replace(card, training=loaded.training)
    assert (card.name, card.input_size, card.mean) == ("tiny", (64, 32), (0.4, 0.5, 0.6))
    assert card.training["data"] == "Market-1501 train"
    assert card.training["recipe"]["seed"] == 0
    trained = torch.load(run / "state.pt", weights_only=True)["network"]
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, trained[name].to(value.dtype), rtol=2e-3, atol=2e-3, msg=name)


def test_the_card_tells_also_what_the_checkpoint_learned_from_that_was_begun_with(run, market1501, tmp_path):
    about = json.loads((run / "recipe.json").read_text())
    about["start"] = {"training": {"data": "Market-1501 train, ImageNet"}}
    (run / "recipe.json").write_text(json.dumps(about))
    card = export_run(run, market1501, tmp_path / "model.safetensors", device="cpu")
    assert card.training["data"] == "Market-1501 train, ImageNet"


def test_measured_figures_enter_the_card_and_the_weights_stay(run, market1501, annotate_market1501, tmp_path):
    annotate_market1501(market1501, train={7: {}, 8: {}}, test={1: {"hat": 2}, 2: {}, 3: {}, 4: {}, 5: {}})
    weights = tmp_path / "model.safetensors"
    before = export_run(run, market1501, weights, device="cpu")
    measure(weights, market1501, device="cpu")
    card = load_card(weights)
    assert card.sha256 == before.sha256
    assert card.metrics["Market-1501 test, 4 identities, single query"]["mAP"] == 1
    assert 0 <= card.metrics["Market-1501 test, 4 identities, attributes"]["accuracy"] <= 1
    filters = card.metrics["Market-1501 test, 4 identities, filters"]
    assert set(filters) == {f"{how}hat {label}" for how in ("", "only ", "not ") for label in ("no", "yes")}, (
        "of all else everybody has the same"
    )
    assert filters["hat yes"]["share"] == 0.25
    curves = card.metrics["Market-1501 test, 4 identities, filters by least probability"]
    assert len(curves["least"]) == len(curves["recall"]["hat yes"]) > 5
    assert card.metrics.items() >= before.metrics.items()


def test_an_unfinished_run_is_refused(run, market1501, tmp_path):
    about = json.loads((run / "recipe.json").read_text())
    about["schedule"]["steps"] = 9
    (run / "recipe.json").write_text(json.dumps(about))
    with pytest.raises(CheckpointError, match="stopped at step 1 of 9"):
        export_run(run, market1501, tmp_path / "model.safetensors")
    with pytest.raises(CheckpointError, match="not a training run"):
        export_run(tmp_path / "nothing", market1501, tmp_path / "model.safetensors")
    assert not (tmp_path / "model.safetensors").exists()
