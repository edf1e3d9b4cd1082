"""Timelines: bars where somebody was seen and nowhere else, and scales of round times."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveil.app.results import CameraTimeline, Visit
from surveil.app.time_scale import MAX_TICKS, Scale
from surveil.app.timeline import NAME_WIDTH, timeline_bars, timeline_picture
from surveil.palette import BLUE
from surveil.search.sheet import MARGIN

NOON = datetime(2026, 9, 14, 12, tzinfo=UTC)


def camera(name, *visits, zone="UTC"):
    """A lane with visits given in seconds after noon."""
    times = [(NOON + timedelta(seconds=first), NOON + timedelta(seconds=last)) for first, last in visits]
    return CameraTimeline(
        camera=name, zone=zone, visits=tuple(Visit(first_seen=a, last_seen=b, sightings=()) for a, b in times)
    )


def test_a_lane_is_full_where_somebody_was_seen():
    lanes = dict(timeline_bars([camera("gate", (0, 20), (90, 100)), camera("yard", (50, 50))], 10))
    assert lanes == {"gate": "███······█", "yard": "·····█····"}
    assert timeline_bars([], 10) == []


def test_a_single_moment_has_a_lane_too():
    assert timeline_bars([camera("gate", (0, 0))], 4) == [("gate", "█···")]
    assert timeline_picture([camera("gate", (0, 0))], 600).size[0] == 600


@given(st.integers(1, 3 * 365 * 86400), st.sampled_from(["UTC", "Asia/Kathmandu", "Europe/Rome"]))
def test_ticks_are_few_even_and_within_the_scale(seconds, zone):
    scale = Scale.of([camera("gate", (0, seconds), zone=zone)])
    ticks = [time for time, _ in scale.ticks()]
    assert 1 <= len(ticks) <= MAX_TICKS + 1
    assert len(ticks) == 1 or ticks[-1] >= scale.end - (ticks[1] - ticks[0]) - timedelta(days=1), "up to the end"
    assert all(scale.begin <= time <= scale.end for time in ticks)
    assert len({b - a for a, b in pairwise(ticks)}) <= 1


@pytest.mark.parametrize(
    ("seconds", "zone", "first"),
    [(90, "UTC", "12:00:00"), (86400, "Europe/Rome", "15:00"), (10 * 86400, "Asia/Kathmandu", "2026-09-16")],
)
def test_ticks_are_round_on_the_cameras_clock(seconds, zone, first):
    assert Scale.of([camera("gate", (0, seconds), zone=zone)]).ticks()[0][1] == first


def test_cameras_of_two_zones_are_read_in_utc():
    cameras = [camera("gate", (0, 9), zone="Europe/Rome"), camera("yard", (0, 9), zone="Asia/Tokyo")]
    assert Scale.of(cameras).zone == "UTC"
    assert str(Scale.of(cameras)) == "2026-09-14 12:00:00 to 2026-09-14 12:00:09 UTC"


def test_the_picture_has_the_bars_where_the_visits_are():
    pixels = np.asarray(timeline_picture([camera("gate", (0, 50)), camera("yard", (50, 100))], 1000), int)
    blue = (np.abs(pixels - [int(BLUE[i : i + 2], 16) for i in (1, 3, 5)]).max(axis=2) < 8).any(axis=0)
    columns = np.flatnonzero(blue)
    assert columns.min() == pytest.approx(NAME_WIDTH, abs=3)
    assert columns.max() == pytest.approx(1000 - MARGIN, abs=3)
    assert len(columns) == pytest.approx(1000 - MARGIN - NAME_WIDTH, abs=6)
