"""Words for days and times: what is read holds whatever the day is, and nothing else is read."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveil.search.time_window import WEEKDAYS, TimeWindow
from surveil.search.time_words import TimeOfDay, join_windows, read_time

DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))
NAMES = st.sampled_from(WEEKDAYS)
CLOCKS = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
WINDOWS = st.builds(
    TimeWindow,
    first_day=st.none() | DAYS,
    last_day=st.none() | DAYS,
    start=st.none() | CLOCKS,
    end=st.none() | CLOCKS,
    weekdays=st.none() | st.just((0, 2)) | st.just((5, 6)),
)


def window(text, today):
    found = read_time(text.lower().split(), today)
    assert found is not None, text
    assert found.words == len(text.split())
    return found.when


@given(today=DAYS, name=NAMES)
def test_a_weekday_is_the_latest_one_and_last_is_before_today(today, name):
    latest, before = window(name, today), window(f"last {name}", today)
    assert latest.first_day == latest.last_day
    assert latest.first_day.weekday() == before.first_day.weekday() == WEEKDAYS.index(name)
    assert timedelta(0) <= today - latest.first_day < timedelta(days=7)
    assert timedelta(0) < today - before.first_day <= timedelta(days=7)
    assert window(name[:3], today) == window(f"this {name}", today) == latest


@given(today=DAYS, first=NAMES, last=NAMES)
def test_a_range_of_weekdays_ends_within_a_week_and_never_before_it_begins(today, first, last):
    found = window(f"{first} to {last}", today)
    assert (found.first_day.weekday(), found.last_day.weekday()) == (WEEKDAYS.index(first), WEEKDAYS.index(last))
    assert timedelta(0) <= found.last_day - found.first_day < timedelta(days=7)
    assert found.last_day <= today
    assert window(f"from {first} until {last}", today) == window(f"between {first} and {last}", today) == found


@given(today=DAYS, name=NAMES)
def test_limits_leave_no_day_out_and_hold_none_twice(today, name):
    assert window(f"since {name}", today).first_day == window(f"until {name}", today).last_day
    assert window(f"after {name}", today).first_day - window(f"until {name}", today).last_day == timedelta(days=1)
    assert window(f"since {name}", today).first_day - window(f"before {name}", today).last_day == timedelta(days=1)


@given(today=DAYS, day=DAYS)
def test_a_date_is_that_day_whenever_it_is_asked(today, day):
    assert window(day.isoformat(), today) == TimeWindow(day, day)


@given(today=DAYS, start=CLOCKS, end=CLOCKS)
def test_two_times_are_a_part_of_the_day_in_either_wording(today, start, end):
    written = [f"{clock:%H:%M}" for clock in (start, end)]
    for text in ("between {} and {}", "from {} to {}", "{} - {}", "{} until {}"):
        found = read_time(text.format(*written).split(), today)
        if start == end:  # a whole day, or nothing: it is not read as a range
            assert found is None or found.when != TimeWindow(start=start, end=end)
        else:
            assert found is not None
            assert found.when == TimeWindow(start=start, end=end)


@given(clock=CLOCKS)
def test_every_time_may_be_said_with_am_or_pm(clock):
    half = "pm" if clock.hour >= 12 else "am"
    for text in (f"{clock.hour % 12 or 12}:{clock:%M}{half}", f"{clock.hour % 12 or 12}:{clock:%M} {half}"):
        assert window(f"after {text}", date(2026, 9, 14)) == TimeWindow(start=clock)


@given(clock=CLOCKS)
def test_at_a_time_means_a_quarter_of_an_hour_around_it(clock):
    found = window(f"at {clock:%H:%M}", date(2026, 9, 14))
    day = date(2000, 1, 2)
    middle = datetime.combine(day, clock)
    assert found.start == (middle - timedelta(minutes=15)).time()
    assert found.end == (middle + timedelta(minutes=15)).time()


@pytest.mark.parametrize(
    "text",
    [
        "woman",
        "8",
        "25:00",
        "8:60",
        "13 pm",
        "0 am",
        "2026-02-30",
        "20260914",
        "at",
        "between 8",
        "from",
        "last",
        "2026",
    ],
)
def test_what_says_nothing_of_time_is_not_read(text):
    assert read_time(text.split(), date(2026, 9, 14)) is None


@pytest.mark.parametrize(
    ("written", "half", "expected"),
    [
        (TimeOfDay(12, 0, "am"), None, time(0)),
        (TimeOfDay(12, 0, "pm"), None, time(12)),
        (TimeOfDay(8, 30, None), "pm", time(20, 30)),
        (TimeOfDay(8, 30, "am"), "pm", time(8, 30)),
        (TimeOfDay(24, 0, None), None, time(0)),
        (TimeOfDay(13, 0, "pm"), None, None),
        (TimeOfDay(0, 0, "am"), None, None),
        (TimeOfDay(25, 0, None), None, None),
        (TimeOfDay(8, 60, None), None, None),
    ],
)
def test_a_written_time_of_day(written, half, expected):
    assert written.time(half) == expected


@given(first=WINDOWS, second=WINDOWS)
def test_what_is_joined_says_what_both_say_or_contradicts(first, second):
    both = join_windows(first, second)
    assert both == join_windows(second, first)
    names = ("first_day", "last_day", "start", "end", "weekdays")
    pairs = [(getattr(first, name), getattr(second, name)) for name in names]
    contradicts = any(one is not None and other is not None and one != other for one, other in pairs)
    assert (both is None) == contradicts
    if both is not None:
        assert [getattr(both, name) for name in names] == [other if one is None else one for one, other in pairs]
    assert join_windows(None, second) == join_windows(second, second) == second
