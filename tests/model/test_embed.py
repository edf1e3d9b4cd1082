import numpy as np
import pytest

from surveil.attributes import AGE
from surveil.model.embed import AppearanceModel, join_parts, resize, summarise
from surveil.types import Appearance


@pytest.fixture(scope="module")
def model():
    return AppearanceModel.load(device="cpu", batch_size=4)


@pytest.fixture(scope="module")
def crops():
    rng = np.random.default_rng(0)
    return [
        rng.integers(0, 256, (h, w, 3), dtype=np.uint8) for h, w in ((128, 64), (300, 90), (40, 21), (1, 1), (128, 64))
    ]


def test_crops_of_any_size_get_unit_embeddings_and_probabilities(model, crops):
    appearances = model.describe(crops)
    assert len(appearances) == len(crops)
    for appearance in appearances:
        assert appearance.embedding.shape == (544,)
        assert np.linalg.norm(appearance.embedding) == pytest.approx(1, abs=1e-5)
        assert appearance.attributes[AGE].sum() == pytest.approx(1, abs=1e-4)


def test_a_crop_is_described_the_same_in_any_batch(model, crops):
    together = model.describe(crops)
    for crop, appearance in zip(crops, together, strict=True):
        [alone] = model.describe([crop])
        np.testing.assert_allclose(alone.embedding, appearance.embedding, atol=1e-4)


def test_no_crops_no_appearances(model):
    assert model.describe([]) == []


def test_the_similarity_of_joined_parts_is_the_weighted_mean_of_their_cosines():
    rng = np.random.default_rng(1)
    features, attributes = rng.normal(size=(2, 512)).astype(np.float32), rng.random((2, 32)).astype(np.float32)
    joined = join_parts(features, attributes, 1.0, 0.5)

    def cosine(pair):
        return pair[0] @ pair[1] / np.linalg.norm(pair[0]) / np.linalg.norm(pair[1])

    expected = (cosine(features) + 0.25 * cosine(attributes)) / 1.25
    assert joined[0] @ joined[1] == pytest.approx(expected, abs=1e-5)


def test_a_sighting_is_the_quality_weighted_mean_of_its_crops():
    first = Appearance(np.full(32, 0.2, np.float32), np.eye(544, dtype=np.float32)[0])
    second = Appearance(np.full(32, 0.6, np.float32), np.eye(544, dtype=np.float32)[1])
    summary = summarise([first, second], [0.75, 0.25])
    np.testing.assert_allclose(summary.attributes, 0.3, atol=1e-6)
    assert summary.embedding[0] == pytest.approx(3 / np.sqrt(10), abs=1e-5)
    assert np.linalg.norm(summary.embedding) == pytest.approx(1, abs=1e-6)


def test_a_sighting_without_crops_is_refused():
    with pytest.raises(ValueError, match="at least one crop"):
        summarise([], [])


def test_shrinking_averages_instead_of_picking():
    stripes = np.zeros((256, 128, 3), np.uint8)
    stripes[::2] = 255
    assert 120 <= resize(stripes, 128, 64).mean() <= 135
    assert resize(stripes, 128, 64).std() < 2
