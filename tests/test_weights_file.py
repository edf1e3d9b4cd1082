"""Weights and their cards: what is written is what is read, and nothing that is damaged or mixed up is taken."""

import hashlib
import json
from dataclasses import dataclass

import pytest
import torch

from surveil.errors import CheckpointError
from surveil.files import PARTIAL
from surveil.weights_file import (
    WEIGHTS,
    card_path,
    fill_network,
    pack_weights,
    read_card,
    read_checked,
    shipped_name,
    write_weights,
)


@dataclass(frozen=True)
class Card:
    name: str = "made up"
    sha256: str = ""


def network(inputs=3):
    return torch.nn.Sequential(torch.nn.Linear(inputs, 2), torch.nn.BatchNorm1d(2))


@pytest.fixture
def written(tmp_path):
    """Weights and card of a network, as written; with that network."""
    made = network()
    weights = tmp_path / "new" / "made_up.safetensors"
    return weights, write_weights(weights, made, Card()), made


def test_matrices_come_back_as_float16_and_the_rest_exactly(written):
    weights, card, made = written
    filled = network()
    fill_network(weights, filled, read_checked(weights, card.sha256))
    for name, tensor in made.state_dict().items():
        expected = tensor.half().to(tensor.dtype) if name == "0.weight" else tensor
        assert torch.equal(filled.state_dict()[name], expected), name
    assert read_card(weights) == {"name": "made up", "sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}
    assert sorted(path.name for path in weights.parent.iterdir()) == ["made_up.json", "made_up.safetensors"]


def test_a_write_that_fails_leaves_the_old_weights(written, monkeypatch):
    weights, card, _ = written

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_weights(weights, network(), Card("another"))
    assert read_checked(weights, card.sha256)
    assert read_card(weights)["name"] == "made up"
    assert not list(weights.parent.glob(f"*{PARTIAL}"))


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "there is no card"), ("{", "not a card"), ("[" * 99_999, "not a card"), ("[]", "not a card")],
)
def test_what_is_no_card_is_told_with_its_place(written, content, says):
    weights, *_ = written
    card_path(weights).unlink() if content is None else card_path(weights).write_text(content)
    with pytest.raises(CheckpointError, match=says) as error:
        read_card(weights)
    assert str(card_path(weights)) in str(error.value)


def test_weights_of_another_card_are_not_read(written):
    weights, card, _ = written
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(CheckpointError, match="SHA-256 differs"):
        read_checked(weights, card.sha256)
    weights.unlink()
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_checked(weights, card.sha256)


@pytest.mark.parametrize("content", [b"", b"\x08\0\0\0\0\0\0\0{}      ", pack_weights(network(4))])
def test_what_fits_no_network_is_told(tmp_path, content):
    with pytest.raises(CheckpointError, match="do not fit the network"):
        fill_network(tmp_path / "made_up.safetensors", network(), content)


def test_what_ships_is_known_by_its_hash_and_is_what_its_card_says():
    names = {}
    for card in WEIGHTS.glob("*.json"):
        weights, sha256 = card.with_suffix(".safetensors"), json.loads(card.read_text())["sha256"]
        assert hashlib.sha256(weights.read_bytes()).hexdigest() == sha256
        names[weights.stem.replace("_", "-")] = sha256
    assert len(names) > 1
    assert {shipped_name(sha256): sha256 for sha256 in names.values()} == names
    assert shipped_name("0" * 64) is None
