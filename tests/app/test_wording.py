"""Results in words, as every door shows them."""

from datetime import UTC, datetime

import pytest

from surveil.app import AttributeValue, CameraTimeline, ExamplePicture, IdentityDetail, Match, Understood
from surveil.app.wording import MATCH_COLUMNS, about, in_words, local_time, looks, scores
from surveil.attributes import ATTRIBUTES
from surveil.spreadsheet import flatten

MORNING = datetime(2026, 9, 14, 8, 15, 10, tzinfo=UTC)
NIGHT = datetime(2026, 12, 1, 23, 0, tzinfo=UTC)


def attributes(**values):
    plain = {attribute.name: attribute.labels[0] for attribute in ATTRIBUTES} | values
    return {name: AttributeValue(value=value, probability=0.7) for name, value in plain.items()}


def match(**values):
    plain = {
        "sighting": 1,
        "footage": "/f/a.mp4",
        "camera": "gate",
        "zone": "Europe/Rome",
        "first_seen": MORNING,
        "last_seen": MORNING,
        "box": (1, 2, 3, 4),
        "similarity": None,
        "probability": None,
        "attributes": attributes(),
        "identity": None,
        "name": None,
        "crop": None,
    }
    return Match(**(plain | values))


@pytest.mark.parametrize(
    ("understood", "words"),
    [
        ({}, "everybody"),
        ({"attributes": {"upper_colour": ("red", "blue")}}, "upper colour red or blue"),
        (
            {"attributes": {"hat": ("yes",)}, "min_confidence": 0.925, "cameras": ("gate",)},
            "hat yes; probability of each 0.925 or more; camera gate",
        ),
        ({"min_confidence": 0.9}, "everybody"),
        ({"cameras": ("gate", "yard")}, "camera gate or yard"),
        ({"only": {"upper_colour": ("red",)}, "without": {"hat": ("yes",)}}, "only upper colour red; not hat yes"),
        ({"footage": ("a.mp4",), "identities": ("7", "Anna")}, "footage a.mp4; identity 7 or Anna"),
        ({"min_height": 80}, "at least 80 pixels high"),
        ({"when": "Mondays, 08:00 to 09:00"}, "Mondays, 08:00 to 09:00 on the camera's clock"),
        ({"after": MORNING}, "after 2026-09-14 08:15:10 UTC"),
        ({"before": NIGHT}, "before 2026-12-01 23:00:00 UTC"),
        (
            {"like": (ExamplePicture(picture="/p/anna.jpg", taken="whole"),), "cameras": ("gate",)},
            "like anna.jpg; camera gate",
        ),
    ],
)
def test_what_is_looked_for_is_said_and_nothing_else(understood, words):
    assert in_words(Understood(**understood)) == words


def test_every_part_of_what_was_understood_is_said():
    """Whatever is added to `Understood` is to be said too, but for what is printed elsewhere."""
    said_elsewhere = {"text", "phrases", "unknown", "min_confidence"}
    picture = ExamplePicture(picture="a.jpg", taken="whole")
    one_of_each = {
        "cameras": ("gate",),
        "footage": ("a.mp4",),
        "identities": ("7",),
        "min_height": 80,
        "after": MORNING,
        "before": NIGHT,
        "when": "every day",
        "attributes": {"hat": ("yes",)},
        "only": {"age": ("old",)},
        "without": {"bag": ("yes",)},
        "like": (picture,),
        "unlike": (picture,),
        "taken_as": {"turquoise": ("blue", "green")},
        "newer_than": 7,
    }
    assert one_of_each.keys() | said_elsewhere == set(Understood.model_fields)
    whole = in_words(Understood(**one_of_each))
    assert len(whole.split("; ")) == len(one_of_each)
    for name, value in one_of_each.items():
        assert in_words(Understood(**{name: value})) in whole


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"gender": "female", "age": "adult"}, "female adult, black top, black pants"),
        (
            {"upper_colour": "red", "lower_colour": "blue", "lower_type": "dress", "backpack": "yes", "hat": "yes"},
            "male young, red top, blue dress, backpack, hat",
        ),
    ],
)
def test_somebody_is_described_in_a_few_words(values, words):
    gender = {"gender": "male", "age": "young", "upper_colour": "black", "lower_colour": "black", "lower_type": "pants"}
    assert looks(attributes(**(gender | values))) == words


@pytest.mark.parametrize(
    ("similarity", "probability", "words"),
    [
        (None, None, ""),
        (0.834, 0.97, "similarity 0.83 · 97%"),
        (0.834, None, "similarity 0.83"),
        (None, 0.5, "probability 50%"),
        (-1.0, 0.0, "similarity -1.00 · <1%"),
        (1.0, 1.0, "similarity 1.00 · >99%"),
    ],
)
def test_no_score_is_certain(similarity, probability, words):
    assert scores(match(similarity=similarity, probability=probability)) == words


def test_a_score_is_told_among_all_where_that_is_known():
    found = match(similarity=0.604, probability=0.997, gallery_probability=0.94)
    assert scores(found) == "similarity 0.60 · 94% among all"


def test_times_are_on_the_cameras_clock_in_summer_and_winter():
    assert local_time(MORNING, "Europe/Rome") == "2026-09-14 10:15:10 CEST"
    assert local_time(NIGHT, "Europe/Rome") == "2026-12-02 00:00:00 CET"
    assert local_time(MORNING, "UTC") == "2026-09-14 08:15:10 UTC"


def detail(sightings, **values):
    cameras = {one.camera for one in sightings}
    timeline = tuple(CameraTimeline(camera=camera, zone="UTC", visits=()) for camera in sorted(cameras))
    return IdentityDetail(identity=7, name=None, sightings=tuple(sightings), timeline=timeline, **values)


def test_an_identity_is_summed_up_over_its_cameras():
    seen = [
        match(sighting=2, camera="yard", zone="UTC", first_seen=NIGHT, last_seen=NIGHT),
        match(sighting=1, camera="gate"),
    ]
    assert about(detail(seen, note="has a limp")) == [
        "2 sightings by gate, yard",
        "first seen 2026-09-14 10:15:10 CEST",
        "last seen 2026-12-01 23:00:00 UTC",
        "note: has a limp",
    ]
    assert about(detail([])) == ["no sightings now"]


def test_the_columns_of_a_match_are_the_names_of_its_json():
    row = flatten(match().model_dump(mode="json"))
    assert [name for name in MATCH_COLUMNS if name not in row] == []
    assert set(row) - set(MATCH_COLUMNS) == {"others"}
