"""Days and times of day: in words, and where clocks are changed. What they find: tests/search/test_filters.py."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from surveil.search.time_window import TimeWindow, _offset_spans

ROME, KATHMANDU, HOWE = ZoneInfo("Europe/Rome"), ZoneInfo("Asia/Kathmandu"), ZoneInfo("Australia/Lord_Howe")


@pytest.mark.parametrize(
    ("window", "words"),
    [
        (TimeWindow(), "every day"),
        (TimeWindow(date(2026, 9, 14), date(2026, 9, 14)), "Monday 2026-09-14"),
        (TimeWindow(first_day=date(2026, 9, 14)), "from Monday 2026-09-14"),
        (TimeWindow(last_day=date(2026, 9, 15)), "until Tuesday 2026-09-15"),
        (
            TimeWindow(date(2026, 9, 14), date(2026, 9, 15), time(8), time(9, 30)),
            "from Monday 2026-09-14 until Tuesday 2026-09-15, 08:00 to 09:30",
        ),
        (TimeWindow(start=time(22)), "every day, 22:00 to 00:00"),
        (TimeWindow(weekdays=(0, 4)), "Mondays and Fridays"),
        (TimeWindow(date(2026, 9, 14), weekdays=(6,), end=time(6)), "Sundays from Monday 2026-09-14, 00:00 to 06:00"),
    ],
)
def test_it_is_said_in_words(window, words):
    assert str(window) == words


def test_its_bounds_are_those_of_the_zone():
    day = date(2026, 10, 25)
    assert TimeWindow(day, day).bounds(ROME) == (
        datetime(2026, 10, 24, 22, tzinfo=UTC),
        datetime(2026, 10, 25, 23, tzinfo=UTC),
    )
    night = TimeWindow(day, day, time(22), time(6)).bounds(KATHMANDU)
    assert night == (datetime(2026, 10, 25, 16, 15, tzinfo=UTC), datetime(2026, 10, 26, 0, 15, tzinfo=UTC))
    assert TimeWindow().bounds(ROME) == (None, None)
    assert TimeWindow(first_day=day).bounds(ROME)[1] is None


@pytest.mark.parametrize("zone", [ROME, KATHMANDU, HOWE, ZoneInfo("UTC")], ids=str)
def test_the_spans_of_an_offset_are_those_of_the_zone(zone):
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)
    spans = list(_offset_spans(zone, start, end))
    assert [until for until, _ in spans] == sorted(until for until, _ in spans)
    assert spans[-1][0] > end
    at = start
    while at <= end:
        offset = next(offset for until, offset in spans if at < until)
        assert offset == at.astimezone(zone).utcoffset().total_seconds(), at
        at += timedelta(hours=1, minutes=1)
    for until, offset in spans[:-1]:
        assert (until - timedelta(seconds=2)).astimezone(zone).utcoffset().total_seconds() == offset
        assert until.astimezone(zone).utcoffset().total_seconds() != offset
