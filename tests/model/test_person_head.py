import dataclasses
import hashlib

import cv2
import numpy as np
import pytest
import torch
from safetensors.numpy import save

from surveil.errors import CheckpointError
from surveil.model.checkpoint import Card, load_card, save_checkpoint
from surveil.model.embed import AppearanceModel
from surveil.model.network import build_network
from surveil.model.person_head import LENGTH, PersonHead, person_path
from surveil.weights_file import write_card

SIZE = (64, 32)


@pytest.fixture
def crops():
    return list(np.random.default_rng(0).integers(0, 256, (3, 100, 40, 3), np.uint8))


@pytest.fixture
def weights(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "small.safetensors"
    save_checkpoint(path, build_network("resnet18"), Card("small", "resnet18", SIZE))
    return path


def give(weights, head):
    """Lay a person head beside the weights."""
    content = head.pack()
    person_path(weights).write_bytes(content)
    card = dataclasses.replace(load_card(weights), person={"sha256": hashlib.sha256(content).hexdigest()})
    write_card(weights, card)


def always(logit):
    return PersonHead(np.zeros(LENGTH, np.float32), logit)


@pytest.mark.parametrize("logit", [-2.0, 0.0, 3.0])
def test_the_head_says_how_much_a_crop_looks_like_a_person(weights, crops, logit):
    give(weights, always(logit))
    looks = AppearanceModel.load(weights, device="cpu", runtime="torch").describe(crops)
    assert [look.person for look in looks] == pytest.approx([1 / (1 + np.exp(-logit))] * 3, abs=0.01)


def test_the_head_looks_at_the_crop(weights, crops):
    give(weights, PersonHead(np.random.default_rng(1).normal(0, 0.02, LENGTH).astype(np.float32), 0.0))
    looks = AppearanceModel.load(weights, device="cpu", runtime="torch").describe([*crops, np.zeros_like(crops[0])])
    assert len({round(look.person, 4) for look in looks}) > 1


def test_nothing_else_that_the_model_says_changes(weights, crops):
    before = AppearanceModel.load(weights, device="cpu", runtime="torch").describe(crops)
    give(weights, always(-5.0))
    after = AppearanceModel.load(weights, device="cpu", runtime="torch").describe(crops)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose(one.embedding, other.embedding, atol=2e-3)
        np.testing.assert_allclose(one.attributes, other.attributes, atol=2e-3)


def test_to_a_model_without_a_head_everybody_is_a_person(weights, crops):
    assert [look.person for look in AppearanceModel.load(weights, device="cpu", runtime="torch").describe(crops)] == [
        1,
        1,
        1,
    ]


def test_a_head_that_the_card_does_not_describe_is_refused(weights):
    give(weights, always(1.0))
    person_path(weights).write_bytes(always(-1.0).pack())
    with pytest.raises(CheckpointError, match="SHA-256 differs"):
        AppearanceModel.load(weights, device="cpu", runtime="torch")
    person_path(weights).unlink()
    with pytest.raises(CheckpointError, match="cannot be read"):
        AppearanceModel.load(weights, device="cpu", runtime="torch")


@pytest.mark.parametrize(
    "content", [b"", b"no weights", always(1.0).pack()[:-2], save({"layer.weight": np.zeros((1, 8))})]
)
def test_a_head_that_is_damaged_is_refused(weights, content):
    person_path(weights).write_bytes(content)
    card = dataclasses.replace(load_card(weights), person={"sha256": hashlib.sha256(content).hexdigest()})
    write_card(weights, card)
    with pytest.raises(CheckpointError, match=r"small\.person\.safetensors: no person head"):
        AppearanceModel.load(weights, device="cpu", runtime="torch")


def test_the_shipped_model_takes_no_drawn_furniture_for_people(crops):
    """A wall, and office chairs before it, as a camera with some noise sees them."""
    rng = np.random.default_rng(0)
    furniture = []
    for colour in ((30, 30, 160), (40, 40, 40), (150, 80, 40), None):
        picture = np.full((120, 60, 3), (190, 200, 205), np.uint8)
        picture[104:] = (120, 135, 150)
        if colour is not None:
            for (x, y, width, height), shade in (
                ((8, 4, 40, 50), colour),
                ((3, 59, 50, 12), colour),
                ((25, 71, 6, 25), (60, 60, 60)),
                ((5, 96, 46, 5), (40, 40, 40)),
            ):
                picture[y : y + height, x : x + width] = shade
        picture = cv2.GaussianBlur(picture, (3, 3), 0)
        furniture.append((picture + rng.normal(0, 4, picture.shape)).clip(0, 255).astype(np.uint8))
    looks = AppearanceModel.load(device="cpu").describe(furniture)
    assert max(look.person for look in looks) < 0.5
