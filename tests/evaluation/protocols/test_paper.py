"""The paper's protocol as a whole, on a made-up dataset whose people look alike on every camera."""

import numpy as np
import pytest
import torch

from surveil.evaluation.output.tables import paper_table
from surveil.evaluation.protocols.market1501 import split_identities
from surveil.evaluation.protocols.paper import (
    VALIDATION,
    draw_queries,
    evaluate_paper,
    held_out_images,
    retrieve_test,
)
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
    model = AppearanceModel(lambda: network, card(validation_share=1, split_seed=0), device="cpu")
    calls = []
    result = evaluate_paper(market1501, model, lambda *call: calls.append(call))
    assert list(result.found) == [VALIDATION, "train", "test"]
    assert {row.people for row in result.found[VALIDATION]} == {2}
    assert {row.people for row in result.found["train"]} == {2}
    assert {row.mean_average_precision for row in result.found["train"]} == {1}
    assert {row.gallery for row in result.found["test"]} == {16}, "with junk and distractors"
    assert calls == [
        ("train", 4, 4),
        ("query", 4, 4),
        ("gallery", 16, 16),
        ("grouping", 1, 3),
        ("grouping", 2, 3),
        ("grouping", 3, 3),
    ]
    summary = result.summary()
    assert (summary["protocol"], summary["model"], summary["model_sha256"]) == ("report", "random", "5ha")
    assert summary["reid"]["grouped"] == VALIDATION
    assert summary["reid"]["mAP"] == result.found[VALIDATION][-1].mean_average_precision
    assert len(paper_table(result).rows) == sum(map(len, result.found.values()))
    assert all(len(row) == 6 for row in paper_table(result).rows)


def test_held_out_are_those_that_training_held_out():
    ids = np.repeat(np.arange(2, 90), 3)
    told = held_out_images(ids, card(validation_share=0.2, split_seed=7))
    assert told.tolist() == split_identities(ids, 0.2, 7).tolist()
    assert 0 < told.sum() < len(ids)


def test_a_card_that_does_not_tell_whom_it_held_out(market1501, network):
    assert held_out_images(np.arange(9), Card("bare", "resnet34-attention", (128, 64))) is None
    result = evaluate_paper(market1501, AppearanceModel(lambda: network, card(), device="cpu"))
    assert list(result.found) == ["train", "test"]
    assert "does not tell" in paper_table(result).note


def test_every_draw_asks_once_for_who_has_more_than_one_image():
    ids = np.array([4, 4, 5, 6, 6, 6])
    draws = list(draw_queries(ids, 20, seed=0))
    assert all(ids[queries].tolist() == [4, 6] for queries in draws)
    assert len({tuple(queries) for queries in draws}) > 1


def test_the_test_folder_has_a_group_more_for_junk_and_distractors():
    def at(*degrees):
        angles = np.radians(degrees)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

    gallery, ids = at(0, 2, 120, 122, 240, 242), np.array([1, 1, 2, 2, 0, -1])
    for row in retrieve_test({"all": at(1, 121)}, np.array([1, 2]), {"all": gallery}, ids):
        assert (row.mean_average_precision, row.people, row.gallery) == (1, 2, 6)
