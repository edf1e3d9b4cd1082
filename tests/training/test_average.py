import dataclasses
import functools
import sys

import pytest
import torch

from surveil.errors import CheckpointError
from surveil.model.checkpoint import Card, load_card, load_checkpoint, save_checkpoint
from surveil.model.network import build_network
from training import average
from training.__main__ import main
from training.average import average_checkpoints


def told(share=1.0):
    return {"data": "Market-1501 train", "recipe": {"data": {"validation_share": share, "split_seed": 0}}}


@pytest.fixture(scope="module")
def network():
    """Random weights, made once for each seed."""

    @functools.cache
    def make(seed, architecture):
        torch.manual_seed(seed)
        return build_network(architecture)

    return make


@pytest.fixture
def checkpoint(network, tmp_path):
    """Writes a checkpoint of random weights whose card claims test figures."""

    def write(seed, architecture="resnet18", **changes):
        card = Card("tiny", architecture, (64, 32), training=told(), metrics={"mAP on test": 1.0})
        path = tmp_path / f"{seed}.safetensors"
        save_checkpoint(path, network(seed, architecture), dataclasses.replace(card, **changes))
        return path

    return write


@pytest.fixture
def judged(monkeypatch):
    """Calibration that gives the mAPs told to it, one after the other."""

    def set_scores(*scores):
        given = iter(scores)

        def calibrate(network, card, people, *, device):
            assert len(people) > 0
            return dataclasses.replace(card, metrics={**card.metrics, "validation_mAP": next(given)})

        monkeypatch.setattr(average, "calibrate", calibrate)

    return set_scores


def weights(path):
    return load_checkpoint(path)[0].state_dict()


def test_the_mean_is_of_the_first_and_of_those_that_help(checkpoint, judged, market1501, tmp_path):
    judged(0.5, 0.4, 0.6)
    first, harmful, helpful = (checkpoint(seed) for seed in range(3))
    out = tmp_path / "mean.safetensors"
    card = average_checkpoints([first, harmful, helpful], market1501, out, device="cpu")
    one, other = weights(first), weights(helpful)
    for name, value in weights(out).items():
        wanted = (one[name] + other[name]) / 2 if value.is_floating_point() else one[name]
        torch.testing.assert_close(value, wanted, rtol=1e-3, atol=1e-4, msg=name)
    assert [parent["sha256"] for parent in card.training["mean_of"]] == [load_card(p).sha256 for p in (first, helpful)]
    assert card.metrics == {"validation_mAP": 0.6}  # what was measured of the first is not true of the mean
    assert load_card(out) == card


def test_the_first_stays_as_it_is_where_nothing_helps(checkpoint, judged, market1501, tmp_path):
    judged(0.5, 0.5)
    first, other = checkpoint(0), checkpoint(1)
    card = average_checkpoints([first, other], market1501, tmp_path / "mean.safetensors", device="cpu")
    assert card.sha256 == load_card(first).sha256


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        (
            {"architecture": "resnet34-attention"},
            "the network of the first checkpoint: resnet18, of this one: resnet34",
        ),
        ({"mean": (0.5, 0.5, 0.5)}, "the mean and deviation of pictures"),
        ({"training": told(share=0.5)}, "the held-out identities"),
        ({"training": {"data": "unknown"}}, "the held-out identities"),
    ],
)
def test_what_does_not_go_with_the_first_is_refused(changes, wrong, checkpoint, judged, market1501, tmp_path):
    judged(0.5, 0.6)
    out = tmp_path / "mean.safetensors"
    with pytest.raises(CheckpointError, match=wrong):
        average_checkpoints([checkpoint(0), checkpoint(1, **changes)], market1501, out, device="cpu")
    assert not out.exists()


def test_people_whom_nobody_saw_must_be_known(checkpoint, market1501, tmp_path):
    with pytest.raises(CheckpointError, match="does not tell whom it never saw"):
        average_checkpoints([checkpoint(0, training={"data": "?"})], market1501, tmp_path / "mean.safetensors")


def test_the_command_tells_how_many_were_kept(checkpoint, judged, market1501, tmp_path, monkeypatch, capsys):
    judged(0.5, 0.6, 0.6)
    out = tmp_path / "mean.safetensors"
    given = [*(checkpoint(seed) for seed in range(3)), "--data", market1501, "--out", out, "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", ["training", "average", *map(str, given)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert "tiny, mean of 2 of 3, validation mAP 0.600" in capsys.readouterr().out
    assert out.exists()
