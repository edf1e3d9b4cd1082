import dataclasses
import itertools
import json

import numpy as np
import pytest
import torch

from surveil.model.checkpoint import Card, save_checkpoint
from training.datasets import PersonImages
from training.loop import Given, fit, learning_rate
from training.recipes import Recipe, Schedule

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
    whole = fit(RECIPE, [(people, 3)], tmp_path / "whole", device="cpu", report=lambda _: None)

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
            fit(RECIPE, [(people, 3)], run, device="cpu", save_every=2, report=lambda _: None)
    assert taken == [2]
    resumed = fit(RECIPE, [(people, 3)], run, device="cpu", save_every=2, report=lambda _: None)
    for name, tensor in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], tensor, rtol=1e-3, atol=1e-4, msg=name)
    assert json.loads((run / "recipe.json").read_text())["name"] == "tiny"


def test_every_set_gives_its_share_and_a_checkpoint_can_be_the_start(people, tmp_path):
    first = fit(RECIPE, [(people, 2), (people, 1)], tmp_path / "first", device="cpu", report=lambda _: None)
    weights = tmp_path / "first.safetensors"
    card = save_checkpoint(weights, first, Card("first", "resnet34-attention", (64, 32)))
    recipe = dataclasses.replace(RECIPE, schedule=dataclasses.replace(RECIPE.schedule, steps=1, learning_rate=0.0))
    second = fit(recipe, [(people, 3)], tmp_path / "second", Given(start=weights), device="cpu", report=lambda _: None)
    for name, value in first.named_parameters():
        torch.testing.assert_close(second.get_parameter(name), value, rtol=2e-3, atol=2e-3, msg=name)
    assert json.loads((tmp_path / "second" / "recipe.json").read_text())["start"]["sha256"] == card.sha256


def test_the_rate_warms_up_and_ends_at_zero():
    schedule = Schedule(steps=100, warmup_steps=10, learning_rate=1.0)
    rates = [learning_rate(step, schedule) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(1.0)
    assert rates[100] == pytest.approx(0.0)
    assert all(a >= b for a, b in itertools.pairwise(rates[10:]))
