import dataclasses
import itertools
import json

import numpy as np
import pytest
import torch

from surveil.errors import CheckpointError
from surveil.model.checkpoint import Card, save_checkpoint
from surveil.model.network import build_network
from training import loop
from training.datasets import PersonImages
from training.loop import OutOfTimeError, fit, learning_rate
from training.recipes import Loss, Recipe, Schedule
from training.run import StartWeights

RECIPE = Recipe(
    "tiny",
    "resnet18",
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


def test_a_run_whose_time_is_over_stops_and_goes_on_when_called_again(people, tmp_path):
    recipe = dataclasses.replace(RECIPE, schedule=dataclasses.replace(RECIPE.schedule, steps=2))
    with pytest.raises(OutOfTimeError, match="step 1 of 2"):
        fit(recipe, [(people, 3)], tmp_path, device="cpu", until=0.0, report=lambda _: None)
    told = []
    fit(recipe, [(people, 3)], tmp_path, device="cpu", until=0.0, report=told.append)  # the last step ends it anyhow
    assert told[0] == "going on at step 1"


def test_the_run_of_another_recipe_is_left_alone(people, tmp_path):
    fit(RECIPE, [(people, 3)], tmp_path, device="cpu", report=lambda _: None)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    with pytest.raises(CheckpointError, match="another recipe"):
        fit(dataclasses.replace(RECIPE, seed=99), [(people, 3)], tmp_path, device="cpu", report=lambda _: None)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_every_set_gives_its_share_and_a_checkpoint_can_be_the_start(people, tmp_path):
    first = fit(RECIPE, [(people, 2), (people, 1)], tmp_path / "first", device="cpu", report=lambda _: None)
    weights = tmp_path / "first.safetensors"
    card = save_checkpoint(weights, first, Card("first", RECIPE.architecture, RECIPE.input_size))
    recipe = dataclasses.replace(RECIPE, schedule=dataclasses.replace(RECIPE.schedule, steps=1, learning_rate=0.0))
    second = fit(
        recipe, [(people, 3)], tmp_path / "second", StartWeights(start=weights), device="cpu", report=lambda _: None
    )
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


def test_the_seed_alone_decides_what_comes_out(people, tmp_path):
    recipe = dataclasses.replace(RECIPE, schedule=dataclasses.replace(RECIPE.schedule, steps=2))
    runs = {"first": recipe, "same": recipe, "other": dataclasses.replace(recipe, seed=1)}
    states = {}
    for name, each in runs.items():
        torch.rand(7)  # what was drawn before does not matter
        states[name] = fit(each, [(people, 3)], tmp_path / name, device="cpu", report=lambda _: None).state_dict()
        assert json.loads((tmp_path / name / "recipe.json").read_text())["seed"] == each.seed
    for name, value in states["first"].items():
        torch.testing.assert_close(states["same"][name], value, rtol=1e-4, atol=1e-5, msg=name)
    assert not torch.allclose(states["other"]["heads.0.output.weight"], states["first"]["heads.0.output.weight"])


def test_a_loss_without_weight_is_neither_computed_nor_felt(people, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "triplet_loss", None)
    monkeypatch.setattr(loop.F, "cross_entropy", None)
    without = dataclasses.replace(
        RECIPE,
        loss=Loss(attributes=1.0, identity=0.0, triplet=0.0),
        schedule=dataclasses.replace(RECIPE.schedule, steps=1),
    )
    monkeypatch.setattr(loop, "attribute_loss", lambda logits, targets, shares: logits.square().mean())
    fit(without, [(people, 3)], tmp_path, device="cpu", report=lambda _: None)
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    learned = {id for group in state["optimiser"]["param_groups"] for id in group["params"]} & set(
        state["optimiser"]["state"]
    )
    assert learned
    assert len(learned) == sum(1 for _ in build_network("resnet18").parameters()) - 2  # the neck's scale and shift


def test_a_loss_that_is_no_number_stops_the_run_and_leaves_the_last_good_state(people, tmp_path, monkeypatch):
    steps = dataclasses.replace(RECIPE.schedule, steps=3)
    recipe = dataclasses.replace(RECIPE, schedule=steps)
    real = loop.attribute_loss
    calls = itertools.count()
    monkeypatch.setattr(loop, "attribute_loss", lambda *a: real(*a) * (1 if next(calls) < 2 else float("nan")))
    with pytest.raises(FloatingPointError, match="step 3"):
        fit(recipe, [(people, 3)], tmp_path, device="cpu", save_every=1, report=lambda _: None)
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    assert state["step"] == 2
    assert all(value.isfinite().all() for value in state["network"].values())


def test_the_log_tells_data_time_from_step_time(people, tmp_path):
    recipe = dataclasses.replace(RECIPE, schedule=dataclasses.replace(RECIPE.schedule, steps=2))
    fit(recipe, [(people, 3)], tmp_path, device="cpu", report=lambda _: None)
    [line] = [json.loads(text) for text in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert line["step"] == 2
    assert line["seconds_data"] > 0
    assert line["seconds_step"] > 0
