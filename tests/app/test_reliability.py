"""What answers are worth, as the model's card says: of what was measured only, and at the nearest place measured."""

from dataclasses import asdict

import pytest

import surveil
from surveil.attributes import OUTPUT_NAMES
from surveil.calibration import Calibration
from surveil.errors import StoreError
from surveil.model.checkpoint import find_weights, load_card
from surveil.store.models import ModelRef

FEMALE = {"precision": 0.9, "recall": 0.8, "share": 0.4}
RED = {"precision": None, "recall": 0.0, "share": 0.01}
ONLY_RED = {"precision": 0.95, "recall": 0.5, "share": 0.1}
CARD = {
    "name": "measured model",
    "limits": "Knows no uniforms.",
    "calibration": asdict(Calibration(slope=10.0, intercept=-5.0)),
    "metrics": {
        "AUC, validation part": {"gender_female": 0.97},
        "AUC, places never learned from": {"gender_female": 0.81, "hat": 0.7},
        "two places, filters": {"gender female": FEMALE, "upper_colour red": RED, "only upper_colour red": ONLY_RED},
        "two places, filters by least probability": {
            "least": [0.2, 0.5, 0.9],
            "precision": {"gender female": [0.6, 0.8, 0.99]},
            "recall": {"gender female": [0.95, 0.8, 0.3]},
        },
    },
}


@pytest.fixture
def archive(database, media, fill, made_up):
    fill([made_up(outputs={"gender_female": 0.9, "upper_colour_red": 0.9})], model=ModelRef("measured", "e" * 64, CARD))
    with surveil.open(database.url, media=media.folder, device="cpu") as opened:
        yield opened


def told(result):
    return {one.filter: (one.least, one.precision, one.recall) for one in result.filters}, set(
        result.filters_unmeasured
    )


def test_filters_are_worth_what_was_measured_where_the_model_decides(archive):
    asked = {"gender": ["female"], "upper_colour": ["red", "blue"]}
    found = archive.search(attributes=asked, only={"upper_colour": ["red"]}, without={"gender": ["male"]})
    assert told(found) == (
        {
            "gender female": (None, 0.9, 0.8),
            "upper_colour red": (None, None, 0.0),
            "only upper_colour red": (None, 0.95, 0.5),
        },
        {"upper_colour blue", "not gender male"},
    )
    assert {one.measured_on for one in found.filters} == {"two places"}


def test_with_a_least_probability_it_is_the_nearest_one_measured(archive):
    curves = CARD["metrics"]["two places, filters by least probability"]
    for least, nearest in ((0.0, 0), (0.3, 0), (0.4, 1), (0.69, 1), (0.71, 2), (1.0, 2)):
        values = [curves[name]["gender female"][nearest] for name in ("precision", "recall")]
        found = archive.search(attributes={"gender": ["female"], "upper_colour": ["red"]}, min_confidence=least)
        assert told(found) == ({"gender female": (curves["least"][nearest], *values)}, {"upper_colour red"}), least


def test_who_asks_for_no_looks_is_told_of_none(archive):
    assert told(archive.search(cameras=["yard"])) == ({}, set())


def test_the_areas_of_all_outputs_at_places_known_and_unknown(archive):
    listed = archive.reliability()
    assert (listed.model, listed.limits) == ("measured model", "Knows no uniforms.")
    assert [one.output for one in listed.outputs] == list(OUTPUT_NAMES)
    areas = {one.output: (one.familiar, one.elsewhere) for one in listed.outputs}
    assert areas["gender_female"] == (0.97, 0.81)
    assert areas["hat"] == (None, 0.7)
    assert areas["backpack"] == (None, None)


def test_before_anything_was_ingested_there_is_no_model(database, media):
    with surveil.open(database.url, media=media.folder) as empty, pytest.raises(StoreError):
        empty.reliability()


def test_the_shipped_model_tells_what_each_output_is_worth(database, media, fill, made_up):
    card = load_card(find_weights(None))
    fill([made_up()], model=ModelRef(card.name, card.sha256, asdict(card)))
    with surveil.open(database.url, media=media.folder, device="cpu") as opened:
        outputs = {one.output: one for one in opened.reliability().outputs}
    assert all(one.familiar is not None for one in outputs.values())
    hats = [
        table["hat"] for name, table in card.metrics.items() if name.endswith("never learned from") and "hat" in table
    ]
    assert len(hats) > 1
    assert outputs["hat"].elsewhere == pytest.approx(sum(hats) / len(hats))
