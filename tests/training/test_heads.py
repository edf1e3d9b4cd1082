import numpy as np
import pytest
import torch

from surveil.attributes import BY_NAME, OUTPUTS
from surveil.model.checkpoint import Card
from surveil.model.network import build_network
from training.datasets import PersonImages
from training.feature_maps import store_feature_maps
from training.heads import HeadSchedule, fit_heads, predict_attributes
from training.heads_run import MARKET, Mapped, cross_fit, output_aucs

HAT, BACKPACK = BY_NAME["hat"].first, BY_NAME["backpack"].first
SIZE = (256, 128)
MAP = 512, 4, 2
"""Channels, rows and columns of a made-up map: four stripes, as the heads see them, and no more cells than needed."""


@pytest.fixture
def network():
    torch.manual_seed(0)
    return build_network("osnet-attention").eval()


def people(count):
    images = np.random.default_rng(0).integers(0, 256, (count, *SIZE, 3), np.uint8)
    unknown = np.full((count, OUTPUTS), np.nan, np.float32)
    return PersonImages(images, np.arange(count), np.zeros(count, np.int64), unknown)


def maps_and_targets(count, seed):
    """Maps that show a hat in some channels of their upper rows; nothing else is known of anybody."""
    rng = np.random.default_rng(seed)
    maps = rng.random((count, *MAP)).astype(np.float16)
    hats = rng.integers(0, 2, count)
    maps[:, :64, :1] += hats[:, None, None, None].astype(np.float16)
    targets = np.full((count, OUTPUTS), np.nan, np.float32)
    targets[:, HAT] = hats
    return maps, targets


def test_heads_learn_what_maps_show_and_leave_the_trunk_and_what_is_unknown_alone(network):
    before = {name: value.clone() for name, value in network.backbone.state_dict().items()}
    maps, targets = maps_and_targets(256, seed=0)
    fit_heads(network, maps, targets, HeadSchedule(epochs=6, batch=32), report=lambda line: None)
    unseen, truth = maps_and_targets(128, seed=1)
    found = predict_attributes(network, unseen)
    aucs = output_aucs(found, truth)
    assert list(aucs) == ["hat"]
    assert aucs["hat"] > 0.9
    for name, value in network.backbone.state_dict().items():
        torch.testing.assert_close(value, before[name])


def test_stored_maps_are_what_the_heads_see_and_go_on_after_a_kill(network, tmp_path):
    card, images = Card("test", "osnet-attention", SIZE), people(3)
    maps = store_feature_maps(network, card, images, tmp_path / "whole.npy")
    with torch.inference_mode():
        expected = network.coarse(network.backbone(torch.zeros(1, 3, *SIZE))).shape[1:]
    assert maps.shape == (3, *expected)
    again = store_feature_maps(network, card, people(3), tmp_path / "whole.npy")
    np.testing.assert_array_equal(again, maps)
    (tmp_path / "whole.count").write_text("1")
    broken = np.lib.format.open_memmap(tmp_path / "whole.npy", "r+")
    broken[1:] = 0
    broken.flush()
    np.testing.assert_allclose(store_feature_maps(network, card, images, tmp_path / "whole.npy"), maps, atol=2e-3)


def test_cross_fitted_heads_know_nobody_of_whom_they_tell(network):
    rng = np.random.default_rng(0)
    ids = np.repeat(np.arange(20), 6)
    hats, backpacks = ids % 2, rng.permutation(np.arange(20) % 2)[ids]
    own = rng.normal(size=(20, 256)).astype(np.float16)  # by which a person's backpack can be learned by heart
    maps = rng.random((len(ids), *MAP)).astype(np.float16)
    maps[:, :64, :1] += hats[:, None, None, None].astype(np.float16)
    maps[:, 256:] += own[ids][:, :, None, None]
    targets = np.full((len(ids), OUTPUTS), np.nan, np.float32)
    targets[:, HAT], targets[:, BACKPACK] = hats, backpacks
    market = Mapped(PersonImages(np.zeros((len(ids), 1, 1, 3), np.uint8), ids, np.zeros_like(ids), targets), maps)
    place = Mapped(people(24), maps_and_targets(24, seed=1)[0])

    unseen, aucs = cross_fit(
        network, {MARKET: market, "place": place}, HeadSchedule(epochs=4, batch=24), lambda line: None
    )

    found = output_aucs(unseen, targets)
    assert found["hat"] > 0.9
    assert found["backpack"] < 0.8
    mean = round(np.mean(list(found.values())), 4)
    assert aucs == {"AUC, validation identities": {"mean": mean, **found}}  # of the place nothing is known
