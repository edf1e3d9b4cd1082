import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from torch import nn

from surveil.errors import SurveilError
from training.datasets import PersonImages
from training.loop import fit
from training.recipes import load_recipe
from training.run import Run

RECIPES = sorted((Path(__file__).parents[2] / "configs" / "training").glob("*.toml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_that_ships_can_be_read(path):
    recipe = load_recipe(path)
    assert recipe.schedule.identities > recipe.data.cuhk03_identities + recipe.data.rendered_identities
    assert len(recipe.input_size) == 2


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    targets = np.zeros((8, 32), np.float32)
    targets[:, [0, 13, 22]] = 1
    return PersonImages(
        rng.integers(0, 256, (8, 64, 64, 3), np.uint8), np.repeat(np.arange(4), 2), np.tile([1, 2], 4), targets
    )


def one_of_each_network():
    """The other recipes of a network are slow tests."""
    seen = set()
    for path in RECIPES:
        architecture = load_recipe(path).architecture
        yield pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if architecture in seen else [])
        seen.add(architecture)


@pytest.mark.parametrize("path", one_of_each_network())
def test_every_recipe_that_ships_trains_its_network(path, people, tmp_path, monkeypatch):
    monkeypatch.setattr(Run, "save", lambda run, path: None)  # hundreds of megabytes
    recipe = load_recipe(path)
    short = dataclasses.replace(recipe.schedule, steps=2, identities=3, images=2, small_size=(64, 64))
    size = recipe.input_size if recipe.architecture == "osnet-attention" else (64, 64)  # its pooling fits one size only
    small = dataclasses.replace(recipe, pretrained=False, input_size=size, schedule=short)
    network = fit(small, [(people, 3)], tmp_path, device="cpu", report=lambda _: None)
    [line] = [json.loads(text) for text in (tmp_path / "log.jsonl").read_text().splitlines()]
    weights = dataclasses.asdict(recipe.loss)
    assert {name for name in ("attributes", "identity", "triplet") if weights[name]} == line.keys() & weights.keys()
    assert all(np.isfinite(value) for value in line.values())
    frozen = {name for part in recipe.schedule.frozen for name, _ in network.get_submodule(part).named_parameters(part)}
    unlearned = {"neck.bias"} if isinstance(network.neck, nn.BatchNorm1d) else set()
    assert {name for name, value in network.named_parameters() if not value.requires_grad} == frozen | unlearned


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name = ",
        'name = "x"\narchitecture = "y"\nlearning_rate = 1',
        'name = "x"\n[loss]\nhuber = 1',
        'name = "x"\narchitecture = "y"\n[loss]\nattributes = 0\nidentity = 0\ntriplet = 0',
    ],
)
def test_a_wrong_recipe_is_refused(tmp_path, text):
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(SurveilError, match="not a recipe"):
        load_recipe(path)


def test_a_missing_recipe_is_refused(tmp_path):
    with pytest.raises(SurveilError, match="configs/training"):
        load_recipe(tmp_path / "none.toml")
