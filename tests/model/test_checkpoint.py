import dataclasses
import hashlib
import json
import math
import pickle
import shutil
from pathlib import Path

import pytest
import torch

from surveil.calibration import Calibration
from surveil.errors import CheckpointError
from surveil.model.checkpoint import SHIPPED_MODELS, Card, find_weights, load_checkpoint, save_checkpoint
from surveil.model.network import build_network
from surveil.weights_file import card_path


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return build_network("resnet34-attention").eval()


@pytest.fixture(scope="module")
def saved_once(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "model.safetensors"
    card = Card("test", "resnet34-attention", (128, 64), calibration=Calibration(slope=9.0, intercept=-4.0))
    return path, save_checkpoint(path, network, card)


@pytest.fixture
def saved(saved_once, tmp_path):
    path, card = saved_once
    shutil.copy(card_path(path), tmp_path)
    return shutil.copy(path, tmp_path / path.name), card


def test_what_is_saved_is_what_is_loaded(saved, network):
    path, card = saved
    loaded, loaded_card = load_checkpoint(path)
    assert loaded_card == card
    image = torch.randn(1, 3, 128, 64)
    with torch.inference_mode():
        assert torch.allclose(loaded(image).logits, network(image).logits, rtol=1e-2, atol=0.05)
    assert sorted(p.name for p in path.parent.iterdir()) == ["model.json", "model.safetensors"]


def test_weights_that_the_card_does_not_describe_are_refused(saved):
    path, _ = saved
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="SHA-256 differs"):
        load_checkpoint(path)


def test_a_pickle_is_never_loaded(tmp_path):
    path = tmp_path / "model.pt"
    path.write_bytes(pickle.dumps({"weights": 1}))
    with pytest.raises(CheckpointError, match=r"not a \.safetensors file"):
        load_checkpoint(path)


def test_another_attribute_table_is_refused(saved):
    path, _ = saved
    card = json.loads(card_path(path).read_text())
    card["attributes"][0], card["attributes"][1] = card["attributes"][1], card["attributes"][0]
    card_path(path).write_text(json.dumps(card))
    with pytest.raises(CheckpointError, match="another attribute table"):
        load_checkpoint(path)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"name": "x"}'])
def test_a_broken_card_is_named(saved, text):
    path, _ = saved
    card_path(path).write_text(text)
    with pytest.raises(CheckpointError, match=r"not a (model )?card"):
        load_checkpoint(path)


FIGURES = dataclasses.asdict(Calibration(slope=9.0, intercept=-4.0))


@pytest.mark.parametrize(
    "field",
    [
        {"input_size": [100_000, 100_000]},
        {"input_size": [-1, 64]},
        {"input_size": [128.5, 64]},
        {"input_size": [128, 64, 3]},
        {"input_size": "ab"},
        {"mean": [0.5]},
        {"mean": [math.nan] * 3},
        {"std": [0.0] * 3},
        {"std": ["1"] * 3},
        {"feature_weight": math.inf},
        {"feature_weight": "1"},
        {"attribute_weight": 10**400},
        {"feature_weight": 0, "attribute_weight": 0},
        {"feature_weight": -1},
        {"dimension_weights": [1.0] * 3},
        {"dimension_weights": [math.nan] * 544},
        {"cluster_threshold": math.nan},
        {"calibration": FIGURES | {"temperatures": [1.0]}},
        {"calibration": FIGURES | {"temperatures": [0.0] * 12}},
        {"calibration": FIGURES | {"offsets": ["x"] * 32}},
        {"calibration": FIGURES | {"thresholds": [math.nan] * 9}},
        {"calibration": FIGURES | {"slope": "x"}},
        {"calibration": FIGURES | {"slope": None}},
        {"calibration": FIGURES | {"power": 0}},
        {"calibration": [1]},
        {"quantised": {"made_with": "x"}},
        {"quantised": "x"},
        {"name": 5},
        {"name": "x" * 201},
        {"sha256": None},
    ],
)
def test_a_card_with_figures_that_cannot_be_is_refused_before_any_memory_is_taken(saved, field):
    path, _ = saved
    card_path(path).write_text(json.dumps(json.loads(card_path(path).read_text()) | field))
    with pytest.raises(CheckpointError, match=r"model\.json: not a model card"):
        load_checkpoint(path)


@pytest.mark.parametrize("dtype", ["F4", "F8_E8M0", "U16", "none"])
def test_numbers_of_a_kind_that_is_unknown_are_refused(saved, dtype):
    path, _ = saved
    header = json.dumps({"a": {"dtype": dtype, "shape": [2], "data_offsets": [0, 2]}}).encode()
    content = len(header).to_bytes(8, "little") + header + bytes(2)
    path.write_bytes(content)
    sha256 = {"sha256": hashlib.sha256(content).hexdigest()}
    card_path(path).write_text(json.dumps(json.loads(card_path(path).read_text()) | sha256))
    with pytest.raises(CheckpointError, match="do not fit the network"):
        load_checkpoint(path)


def test_a_missing_card_is_named(saved):
    path, _ = saved
    card_path(path).unlink()
    with pytest.raises(CheckpointError, match="there is no card"):
        load_checkpoint(path)


def test_a_model_is_named_or_a_path():
    assert find_weights(None) == next(iter(SHIPPED_MODELS.values()))
    assert find_weights("resnet34-attention").is_file()
    assert find_weights("/models/mine.safetensors") == Path("/models/mine.safetensors")


@pytest.mark.parametrize("name", SHIPPED_MODELS)
def test_a_shipped_model_loads_and_its_card_tells_data_metrics_and_limits(name):
    network, card = load_checkpoint(SHIPPED_MODELS[name])
    assert card.name == name
    assert not network.training
    assert "Market-1501" in json.dumps(card.training)
    assert card.metrics
    assert card.limits
    assert card.calibration.same_person(0.9) > card.calibration.same_person(0.1)
