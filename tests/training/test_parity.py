import contextlib

import numpy as np
import pytest
import torch

from surveil.calibration import Calibration
from surveil.model.checkpoint import Card, load_checkpoint, save_checkpoint
from surveil.model.embed import AppearanceModel
from surveil.model.network import build_network
from surveil.runtimes import with_torch
from training.datasets import PersonImages
from training.parity import WholeModel, largest_differences, predict

CARD = Card(
    "small",
    "resnet18",
    (64, 32),
    (0.4, 0.5, 0.6),
    (0.3, 0.2, 0.25),
    feature_weight=0.9,
    attribute_weight=0.4,
    dimension_weights=tuple(np.linspace(0.5, 2, 544)),
    calibration=Calibration(tuple(np.linspace(0.5, 2, 12)), tuple(np.linspace(-1, 1, 32))),
)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    made = build_network("resnet18")
    for _ in range(3):  # batch statistics that are not those of the first day
        made.train()(torch.randn(8, 3, 64, 32))
    return made.eval()


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    looks = rng.integers(0, 256, (4, 64, 32, 3))
    images = np.repeat(looks, 4, axis=0) * 0.7 + rng.integers(0, 77, (16, 64, 32, 3))
    return PersonImages(
        images.astype(np.uint8), np.repeat(np.arange(4), 4), np.tile([1, 1, 2, 2], 4), np.zeros((16, 32), np.float32)
    )


def test_the_whole_model_says_what_an_appearance_model_says(network, people, monkeypatch):
    monkeypatch.setattr(with_torch, "autocast", lambda device: contextlib.nullcontext())
    crops = [*people.images, np.zeros((100, 40, 3), np.uint8)]
    features, probabilities, embedding = predict(WholeModel(network, CARD), crops, CARD.input_size, batch_size=5)
    model = AppearanceModel(lambda: network, CARD, device="cpu")
    expected_features, expected_probabilities = model.parts(crops)
    np.testing.assert_allclose(features, expected_features, atol=1e-4)
    np.testing.assert_allclose(probabilities, expected_probabilities, atol=1e-5)
    np.testing.assert_allclose(embedding, model.embeddings(expected_features, expected_probabilities), atol=1e-5)


def test_float16_storage_changes_next_to_nothing(network, people, tmp_path):
    weights = tmp_path / "small.safetensors"
    card = save_checkpoint(weights, network, CARD)
    torch.manual_seed(1)
    said, stored, of_another = (
        predict(WholeModel(each, card), people.images, CARD.input_size)
        for each in (network, load_checkpoint(weights)[0], build_network("resnet18"))
    )
    apart = largest_differences(said, stored)
    assert 0 < apart["features"] < 0.05
    assert 0 < apart["probabilities"] < 0.001
    assert 0 < apart["embedding"] < 0.001
    assert largest_differences(said, of_another)["embedding"] > 0.01
