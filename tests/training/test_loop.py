import dataclasses
import itertools
import json

import numpy as np
import pytest
import torch

from training.datasets import PersonImages
from training.loop import fit, learning_rate
from training.recipes import Data, Recipe, Schedule

RECIPE = Recipe(
    "tiny",
    "resnet34-attention",
    input_size=(64, 32),
    schedule=Schedule(steps=4, identities=3, images=2, warmup_steps=1, learning_rate=1e-4),
)


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    ids = np.repeat(np.arange(5), 4)
    targets = np.zeros((20, 32), np.float32)
    targets[:, [0, 13, 22]] = 1
    return PersonImages(rng.integers(0, 256, (20, 64, 32, 3), dtype=np.uint8), ids, ids % 2, targets)


def test_a_killed_run_goes_on_and_ends_where_an_undisturbed_one_does(people, tmp_path):
    whole = fit(RECIPE, people, None, tmp_path / "whole", device="cpu", report=lambda _: None)

    run = tmp_path / "killed"
    with pytest.MonkeyPatch.context() as patch:
        taken = []
        real = torch.save

        def save_then_die(state, path):
            if taken:
                raise KeyboardInterrupt
            taken.append(state["step"])
            real(state, path)

        patch.setattr(torch, "save", save_then_die)
        with pytest.raises(KeyboardInterrupt):
            fit(RECIPE, people, None, run, device="cpu", save_every=2, report=lambda _: None)
    assert taken == [2]
    resumed = fit(RECIPE, people, None, run, device="cpu", save_every=2, report=lambda _: None)
    for name, tensor in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], tensor, rtol=1e-3, atol=1e-4, msg=name)
    assert json.loads((run / "recipe.json").read_text())["name"] == "tiny"


def test_extra_identities_must_be_given_when_the_recipe_asks(people, tmp_path):
    recipe = dataclasses.replace(RECIPE, data=Data(extra_identities_per_batch=1))
    with pytest.raises(ValueError, match="CUHK03"):
        fit(recipe, people, None, tmp_path, device="cpu")


def test_the_rate_warms_up_and_ends_at_zero():
    schedule = Schedule(steps=100, warmup_steps=10, learning_rate=1.0)
    rates = [learning_rate(step, schedule) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(1.0)
    assert rates[100] == pytest.approx(0.0)
    assert all(a >= b for a, b in itertools.pairwise(rates[10:]))
