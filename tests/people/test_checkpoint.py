"""The card of a detector: whatever stands in it, it is a detector's or there is an error that says what is wrong."""

import json

import pytest

from surveil.errors import CheckpointError
from surveil.people.checkpoint import MAX_CLASSES, SHIPPED, person_classes, read_detector
from surveil.weights_file import card_path

LEFT_OUT = "left out"


@pytest.fixture
def card(tmp_path):
    """Reads the shipped weights with some fields of their card changed."""

    def read(**changes):
        weights = tmp_path / "mine.safetensors"
        weights.symlink_to(SHIPPED)
        values = json.loads(card_path(SHIPPED).read_text()) | changes
        left = {name: value for name, value in values.items() if value != LEFT_OUT}
        card_path(weights).write_text(json.dumps(left))
        return read_detector(weights)

    return read


def test_a_card_that_is_whole_is_read(card):
    read, content = card(limits="none known", metrics={"recall": 0.5})
    assert (read.limits, read.metrics, read.classes) == ("none known", {"recall": 0.5}, ("person",))
    assert content == SHIPPED.read_bytes()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"classes": "person"}, "no list of names"),
        ({"classes": []}, "no list of names"),
        ({"classes": ["a"] * (MAX_CLASSES + 1)}, "no list of names"),
        ({"classes": ["person", 7]}, "is no text"),
        ({"sha256": 7}, "is no text"),
        ({"sha256": LEFT_OUT}, "sha256"),
        ({"name": LEFT_OUT}, "name"),
        ({"pickle": "evil.pt"}, "pickle"),
        ({"architecture": ["yolov8n"]}, "is none of yolov8n"),
        ({"architecture": {}}, "is none of yolov8n"),
        ({"architecture": None}, "is none of yolov8n"),
        ({"sha256": "0" * 64}, "SHA-256 differs"),
    ],
    ids=str,
)
def test_what_is_no_detectors_card_is_told(card, changes, says):
    with pytest.raises(CheckpointError, match=says) as error:
        card(**changes)
    assert "mine." in str(error.value)


def test_a_person_is_the_class_of_that_name_or_the_only_one(tmp_path):
    weights = tmp_path / "mine.safetensors"
    assert person_classes({0: "car", 1: "Person", 2: "bus"}, weights) == (1,)
    assert person_classes({0: "pedestrian"}, weights) == (0,)
    with pytest.raises(CheckpointError, match="car, bus") as error:
        person_classes({0: "car", 1: "bus"}, weights)
    assert str(weights) in str(error.value)
