"""What may be asked, and what is refused before anything is looked at."""

from datetime import UTC, datetime, time

import pytest
from pydantic import ValidationError

from surveil.app import SearchRequest
from surveil.app.requests import KEPT, STORED
from surveil.app.saved import absolute_pictures
from surveil.errors import SurveilError

HASH = "0123456789abcdef" * 4


@pytest.mark.parametrize("example", ["sighting:1", "identity:7", "sighting:" + "9" * 18])
def test_somebody_of_the_archive_may_be_an_example(example):
    assert STORED.fullmatch(example)


@pytest.mark.parametrize(
    "example", ["sighting:", "sighting:-1", "sighting:1.5", "Sighting:1", "sighting:1 ", "person:1"]
)
def test_anything_else_is_a_path(example):
    assert not STORED.fullmatch(example)


@pytest.mark.parametrize("example", [f"picture:{HASH}", f"person:{HASH}"])
def test_what_was_handed_in_may_be_an_example(example):
    assert KEPT.fullmatch(example)
    assert not KEPT.fullmatch(example.upper())
    assert not KEPT.fullmatch(example[:-1])
    assert not KEPT.fullmatch(f"{example}/../x")


@pytest.mark.parametrize(
    "asked",
    [
        {"limit": 0},
        {"offset": -1},
        {"min_height": 0},
        {"min_confidence": 1.01},
        {"min_confidence": float("nan")},
        {"sort": "best"},
        {"group": "camera"},
        {"weekdays": ["Monday"]},
        {"time_from": "25:00"},
        {"time_to": "22:00+02:00"},
        {"after": "Tuesday"},
        {"cameras": "gate"},
        {"attributes": {"hat": "yes"}},
        {"like": [1]},
        {"nonsense": 1},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(asked):
    with pytest.raises((ValidationError, SurveilError)):
        SearchRequest(**asked)


def test_texts_are_read_as_what_they_mean():
    request = SearchRequest(
        after="2026-09-14T08:30+02:00", before="2026-09-15", time_from="08:30", weekdays=["monday"], cameras=["gate"]
    )
    assert request.after == datetime(2026, 9, 14, 6, 30, tzinfo=UTC)
    assert request.before == datetime(2026, 9, 15)  # naive: of the request's zone
    assert request.time_from == time(8, 30)
    assert request.cameras == ("gate",)


def test_two_requests_for_the_same_are_equal_and_one_is_never_changed():
    assert SearchRequest(cameras=["gate"]) == SearchRequest(cameras=("gate",))
    request = SearchRequest()
    with pytest.raises(ValidationError, match="frozen"):
        request.limit = 3


def test_pictures_of_a_saved_search_are_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = ("a.jpg", "../b.jpg", "/c.jpg", "sighting:1", f"person:{HASH}", "sighting:x")
    saved = absolute_pictures(SearchRequest(like=given, unlike=given[:1], limit=7))
    assert saved.like == (
        f"{tmp_path}/a.jpg",
        f"{tmp_path}/../b.jpg",
        "/c.jpg",
        "sighting:1",
        f"person:{HASH}",
        f"{tmp_path}/sighting:x",
    )
    assert saved.unlike == saved.like[:1]
    assert saved.limit == 7
    monkeypatch.chdir("/")
    assert absolute_pictures(saved) == saved
