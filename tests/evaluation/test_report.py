"""The report's protocol as a whole, on a made-up dataset whose people look alike on every camera."""

import numpy as np
import pytest
import torch

from surveil.evaluation.market1501 import split_identities
from surveil.evaluation.report import VALIDATION, evaluate_report, held_out_images, report_table
from surveil.model.checkpoint import Card
from surveil.model.embed import AppearanceModel
from surveil.model.network import build_network


def card(**data):
    return Card("random", "resnet34-attention", (128, 64), sha256="5ha", training={"recipe": {"data": data}})


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return build_network("resnet34-attention")


def test_people_who_look_alike_are_one_group(market1501, network):
    model = AppearanceModel(network, card(validation_share=1, split_seed=0), device="cpu")
    calls = []
    result = evaluate_report(market1501, model, lambda *call: calls.append(call))
    assert list(result.found) == [VALIDATION, "train", "test"]
    assert {row.people for row in result.found[VALIDATION]} == {2}
    assert {row.people for row in result.found["train"]} == {2}
    assert {row.mean_average_precision for row in result.found["train"]} == {1}
    assert {row.gallery for row in result.found["test"]} == {16}, "with junk and distractors"
    assert calls == [
        ("train", 4, 4), ("query", 4, 4), ("gallery", 16, 16),
        ("grouping", 1, 3), ("grouping", 2, 3), ("grouping", 3, 3),
    ]  # fmt: skip
    summary = result.summary()
    assert (summary["protocol"], summary["model"], summary["model_sha256"]) == ("report", "random", "5ha")
    assert summary["reid"]["grouped"] == VALIDATION
    assert summary["reid"]["mAP"] == result.found[VALIDATION][-1].mean_average_precision
    assert len(report_table(result).rows) == sum(map(len, result.found.values()))
    assert all(len(row) == 6 for row in report_table(result).rows)


def test_held_out_are_those_that_training_held_out():
    ids = np.repeat(np.arange(2, 90), 3)
    told = held_out_images(ids, card(validation_share=0.2, split_seed=7))
    assert told.tolist() == split_identities(ids, 0.2, 7).tolist()
    assert 0 < told.sum() < len(ids)


def test_a_card_that_does_not_tell_whom_it_held_out(market1501, network):
    assert held_out_images(np.arange(9), Card("bare", "resnet34-attention", (128, 64))) is None
    result = evaluate_report(market1501, AppearanceModel(network, card(), device="cpu"))
    assert list(result.found) == ["train", "test"]
    assert "does not tell" in report_table(result).note
