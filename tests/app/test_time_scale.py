"""Round times on a scale: inside it, evenly spread on the clock of the zone, and said so that each is told apart."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveil.app.results import CameraTimeline, Visit
from surveil.app.time_scale import MAX_TICKS, STEPS, Scale

ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"])
BEGINNINGS = st.datetimes(datetime(1971, 1, 1), datetime(2090, 1, 1)).map(lambda time: time.replace(tzinfo=UTC))
LENGTHS = st.floats(1, 10 * 365 * 86400).map(lambda seconds: timedelta(seconds=seconds))


@given(begin=BEGINNINGS, length=LENGTHS, zone=ZONES)
def test_ticks_are_inside_ascending_few_and_told_apart(begin, length, zone):
    scale = Scale(begin, begin + length, zone)
    ticks = scale.ticks()
    times = [time for time, _ in ticks]
    assert len(ticks) <= MAX_TICKS + 1
    assert all(0 <= scale.place(time) <= 1 for time in times)
    clock = [time.replace(tzinfo=None) for time in times]
    assert clock == sorted(set(clock))
    assert len({words for _, words in ticks}) == len(ticks)
    assert len({later - earlier for earlier, later in itertools.pairwise(clock)}) <= 1


@pytest.mark.parametrize("seconds", STEPS[:-2])
def test_a_scale_of_eight_steps_has_all_nine_ticks_and_one_more_second_doubles_the_step(seconds):
    begin = datetime(2026, 1, 5, tzinfo=UTC)
    whole = Scale(begin, begin + timedelta(seconds=MAX_TICKS * seconds), "UTC")
    assert len(whole.ticks()) == MAX_TICKS + 1
    longer = Scale(begin, whole.end + timedelta(seconds=1), "UTC")
    assert 2 <= len(longer.ticks()) < MAX_TICKS + 1


def test_times_are_those_of_the_cameras_clock():
    begin = datetime(2026, 9, 14, 8, 59, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    scale = Scale(begin, begin + timedelta(minutes=31), "Europe/Berlin")
    assert [words for _, words in scale.ticks()] == ["09:00", "09:05", "09:10", "09:15", "09:20", "09:25", "09:30"]
    days = Scale(begin, begin + timedelta(days=5), "Europe/Berlin").ticks()
    assert [words for _, words in days] == [f"2026-09-{day}" for day in range(15, 20)]


def test_the_scale_of_visits_is_from_the_first_to_the_last_on_the_clock_they_share():
    noon = datetime(2026, 9, 14, 12, tzinfo=UTC)

    def lane(zone, *hours):
        visits = (
            Visit(first_seen=noon + timedelta(hours=h), last_seen=noon + timedelta(hours=h), sightings=(1,))
            for h in hours
        )
        return CameraTimeline(camera=zone, zone=zone, visits=tuple(visits))

    scale = Scale.of([lane("Asia/Tokyo", 5, 2), lane("Asia/Tokyo", 3)])
    assert (scale.begin, scale.end, scale.zone) == (noon + timedelta(hours=2), noon + timedelta(hours=5), "Asia/Tokyo")
    assert str(scale) == "2026-09-14 23:00:00 to 2026-09-15 02:00:00 JST"
    assert Scale.of([lane("Asia/Tokyo", 1), lane("UTC", 2)]).zone == "UTC"
    alone = Scale.of([lane("UTC", 1)])
    assert alone.place(alone.begin) == 0.0, "one moment is no division by nothing"
