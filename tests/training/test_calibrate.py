import numpy as np
import pytest
import torch

from surveil.model.checkpoint import Card
from surveil.model.embed import AppearanceModel
from surveil.model.network import build_network
from training.calibrate import calibrate
from training.datasets import PersonImages


@pytest.fixture(scope="module")
def people():
    """Twelve people of one plain colour each, seen by two cameras with noise: a task that random features solve."""
    rng = np.random.default_rng(0)
    ids = np.repeat(np.arange(12), 6)
    colours = rng.integers(0, 256, (12, 1, 1, 3))[ids]
    noisy = np.clip(colours + rng.normal(0, 12, (72, 64, 32, 3)), 0, 255).astype(np.uint8)
    targets = np.zeros((72, 32), np.float32)
    targets[:, [2, 13, 22]] = 1
    targets[:, 4:13] = (ids % 2)[:, None]
    return PersonImages(noisy, ids, np.tile([1, 1, 1, 2, 2, 2], 12), targets)


def test_calibration_makes_probabilities_agree_with_what_is_true(people):
    torch.manual_seed(0)
    network = build_network("resnet34-attention").eval()
    card = calibrate(network, Card("test", "resnet34-attention", (64, 32)), people, device="cpu")
    assert card.metrics["validation_mAP"] > 0.3
    assert card.calibration.slope > 0

    before = AppearanceModel(lambda: network, Card("test", "resnet34-attention", (64, 32)), device="cpu")
    after = AppearanceModel(lambda: network, card, device="cpu")

    def surprise(model):
        _, chances = model.parts(list(people.images))
        truth = people.targets.astype(bool)
        return -np.log(np.clip(np.where(truth, chances, 1 - chances), 1e-7, 1))[:, 4:13].mean()

    assert surprise(after) < surprise(before)

    embeddings = np.stack([a.embedding for a in after.describe(list(people.images))])
    first, second = np.triu_indices(len(people), 1)
    apart = people.cameras[first] != people.cameras[second]
    same = (people.ids[first] == people.ids[second])[apart]
    chance = card.calibration.same_person((embeddings @ embeddings.T)[first, second][apart])
    balanced = 0.5 * (chance[same].mean() + chance[~same].mean())
    assert balanced == pytest.approx(0.5, abs=0.02)
