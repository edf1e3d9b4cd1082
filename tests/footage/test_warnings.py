"""Warnings: records that go to JSON and back, and the English made of them."""

import dataclasses
import json
from typing import get_args

import pytest

from surveil.footage.warnings import MAX_PLACES, place_warnings, warnings_in_words
from surveil.types import FootageWarning, WarningKind


@pytest.mark.parametrize("kind", get_args(WarningKind))
def test_every_kind_is_said_in_words_of_its_own_also_after_a_way_through_json(kind):
    detail = {
        "times": 17,
        "tracks": 17,
        "unreadable": 17,
        "frames": 17,
        "pictures": 17,
        "text": "17",
        "fps": 17,
        "names": ["17"],
        "local": "17",
    }
    warning = FootageWarning(kind, 17.0, 34.0, detail)
    [line] = warnings_in_words([warning])
    stored = FootageWarning(**json.loads(json.dumps(dataclasses.asdict(warning))))
    assert stored == warning
    assert warnings_in_words([stored]) == [line]
    others = [other for other in get_args(WarningKind) if other != kind]
    assert line not in [warnings_in_words([FootageWarning(other, 17.0, 34.0, detail)])[0] for other in others]
    assert "17" in line or kind == "container_broken"


def test_one_thing_and_several_are_told_apart():
    [one] = warnings_in_words([FootageWarning("not_people", 1.0, 2.0, {"tracks": 3})])
    assert one.startswith("a thing that never moves and looks like nobody, taken for people 3 times")
    places = [FootageWarning("not_people", 1.0, 2.0, {"tracks": 3, "places": place}) for place in (1, 2)]
    [several] = warnings_in_words(places)
    assert several.startswith("3 things that never move and look like nobody, taken for people 6 times")


def test_places_of_one_kind_share_a_line_and_those_beyond_the_first_few_are_counted():
    gaps = [FootageWarning("gap", float(at), at + 0.5) for at in range(7)]
    stated = FootageWarning("stated_fps", detail={"fps": 12.5})
    assert warnings_in_words([gaps[0], stated]) == [
        "no frames between 0.00 s and 0.50 s",
        "no timestamps in the file: times follow the stated rate, 12.5 fps",
    ]
    [line] = warnings_in_words(gaps)
    assert line.count("between") == 5
    assert line.endswith("between 4.00 s and 4.50 s and in 2 more places")


def test_very_many_places_become_few_records_and_nothing_is_lost_of_their_figures():
    losses = [FootageWarning("damaged", at, at + 1, {"unreadable": 2, "flawed": 1}) for at in range(1000)]
    kept = place_warnings(losses)
    assert len(kept) == MAX_PLACES
    assert (kept[-1].start, kept[-1].end) == (MAX_PLACES - 1, 1000)
    assert warnings_in_words(kept) == warnings_in_words(losses)
    assert "2000 frames unreadable, 1000 with errors" in warnings_in_words(kept)[0]
    assert "in 995 more places" in warnings_in_words(kept)[0]
