"""Words for days and times of day.

Days: today, yesterday, Tuesday (the latest one, today included), last Tuesday (before today), 2026-09-14; Monday to
Wednesday, since Monday, until Monday (included), before Monday, after Monday.
Times, on the 24-hour clock unless am or pm is said: between 8 and 9:30, 8-9 pm, after 17:00, before noon, at 8 (within
a quarter of an hour); morning (6 to 12), afternoon (12 to 18), evening (18 to 22), night (22 to 6), tonight, last
night.
A time without a day means every day. Every week: Mondays, weekdays, weekends.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import NamedTuple

from surveil.errors import QueryError
from surveil.search.time_window import WEEKDAYS, TimeWindow

_WEEKDAY_WORDS = {word: i for i, day in enumerate(WEEKDAYS) for word in (day, day[:3])} | {
    "tues": 1,
    "thur": 3,
    "thurs": 3,
}
_PARTS = {
    "morning": (time(6), time(12)),
    "afternoon": (time(12), time(18)),
    "evening": (time(18), time(22)),
    "night": (time(22), time(6)),
}
_DAYS_OF_WEEK = {f"{day}s": (i,) for i, day in enumerate(WEEKDAYS)} | {
    "weekdays": (0, 1, 2, 3, 4),
    "weekend": (5, 6),
    "weekends": (5, 6),
}
_NAMED_CLOCKS = {"noon": time(12), "midday": time(12), "midnight": time(0)}
_CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?(am|pm)?")
_TO = ("to", "until", "till", "-")
_NEAR = timedelta(minutes=15)
_ONE_DAY = timedelta(days=1)


class TimeOfDay(NamedTuple):
    """A time of day as it was written; `half` is "am", "pm" or, when not said, None."""

    hour: int
    minute: int
    half: str | None

    def time(self, half: str | None = None) -> time | None:
        """The time of day, or None when there is no such time; `half` is what another word says of it."""
        hour, half = self.hour, self.half or half
        if half:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if half == "pm" else 0)
        return time(hour % 24, self.minute) if hour <= 24 and self.minute < 60 else None


class Read(NamedTuple):
    """What some words mean, and how many they are."""

    when: TimeWindow
    words: int


def read_time(words: Sequence[str], today: date) -> Read | None:
    """Read what the first words say of time; None when they say nothing of it.

    Args:
        words: Lower case.
        today: The day it is for the person who asks.

    Raises:
        QueryError: They say something that the set of words cannot express.
    """
    for rule in (_read_range, _read_limit, _read_part, _read_one):
        if found := rule(words, today):
            return found
    return None


def join_windows(first: TimeWindow | None, second: TimeWindow) -> TimeWindow | None:
    """Both together, or None when they contradict each other."""
    if first is None:
        return second
    merged = dataclasses.asdict(first)
    for name, value in dataclasses.asdict(second).items():
        if value is not None and merged[name] not in (None, value):
            return None
        merged[name] = value if value is not None else merged[name]
    return TimeWindow(**merged)


def _read_range(words: Sequence[str], today: date) -> Read | None:
    """Between X and Y, from X to Y, X to Y: times or days."""
    at = 1 if words[:1] in (["between"], ["from"]) else 0
    joints = ("and", *_TO) if words[:1] == ["between"] else _TO
    readers: tuple[Callable[[Sequence[str]], tuple[TimeOfDay | date, int] | None], ...] = (_clock, partial(_day, today))
    for read in readers:
        first = read(words[at:])
        if not first or words[at + first[1] : at + first[1] + 1] not in [[joint] for joint in joints]:
            continue
        then = at + first[1] + 1
        second = read(words[then:])
        if not second:
            continue
        when = _span(first[0], second[0])
        if when:
            return Read(when, then + second[1])
    return None


def _span(first: TimeOfDay | date, second: TimeOfDay | date) -> TimeWindow | None:
    if isinstance(first, TimeOfDay) and isinstance(second, TimeOfDay):
        start, end = first.time(second.half), second.time()
        if start and end and start >= end and second.half and not first.half:
            start = first.time("am")  # 11 to 1 pm
        return TimeWindow(start=start, end=end) if start is not None and end is not None and start != end else None
    if isinstance(first, date) and isinstance(second, date):
        if first > second and (second - first).days > -7:
            first -= timedelta(days=7)  # Friday to Monday, when the latest Friday is after the latest Monday
        return TimeWindow(first_day=first, last_day=second) if first <= second else None
    return None


def _read_limit(words: Sequence[str], today: date) -> Read | None:
    """Since, after, until, before, at."""
    word = words[0]
    if found := _day(today, words[1:]):
        day, used = found
        limits = {
            "since": TimeWindow(first_day=day),
            "from": TimeWindow(first_day=day),
            "after": TimeWindow(first_day=day + _ONE_DAY),
            "until": TimeWindow(last_day=day),
            "till": TimeWindow(last_day=day),
            "before": TimeWindow(last_day=day - _ONE_DAY),
        }
        if word in limits and _clock(words[used + 1 :]):
            raise QueryError(
                "a day with a time cannot be a limit in words", " ".join(words[: used + 2]), "Use --after and --before."
            )
        return Read(limits[word], used + 1) if word in limits else None
    found_clock = _clock(words[1:])
    clock = found_clock and found_clock[0].time()
    if not found_clock or clock is None:
        return None
    if word in ("after", "since", "from"):
        return Read(TimeWindow(start=clock), found_clock[1] + 1)
    if word in ("before", "until", "till"):
        return Read(TimeWindow(end=clock), found_clock[1] + 1)
    return Read(_near(clock), found_clock[1] + 1) if word in ("at", "around", "about") else None


def _read_part(words: Sequence[str], today: date) -> Read | None:
    """Morning, this morning, tonight, last night; Mondays, weekends."""
    if words[0] in _DAYS_OF_WEEK:
        return Read(TimeWindow(weekdays=_DAYS_OF_WEEK[words[0]]), 1)
    day, at = None, 0
    if words[0] == "tonight":
        return Read(TimeWindow(today, today, *_PARTS["night"]), 1)
    if words[:2] == ["last", "night"]:
        day, at = today - _ONE_DAY, 1
    elif words[0] == "this":
        day, at = today, 1
    if words[at : at + 1] and words[at] in _PARTS:
        return Read(TimeWindow(day, day, *_PARTS[words[at]]), at + 1)
    return None


def _read_one(words: Sequence[str], today: date) -> Read | None:
    """A day, or a time that cannot be taken for a number."""
    if found := _day(today, words):
        return Read(TimeWindow(found[0], found[0]), found[1])
    found_clock = _clock(words)
    clock = found_clock and found_clock[0].time()
    if not found_clock or clock is None or (words[0].isdigit() and not found_clock[0].half):
        return None
    return Read(_near(clock), found_clock[1])


def _near(clock: time) -> TimeWindow:
    at = datetime.combine(date(2000, 1, 2), clock)
    return TimeWindow(start=(at - _NEAR).time(), end=(at + _NEAR).time())


def _day(today: date, words: Sequence[str]) -> tuple[date, int] | None:
    if not words:
        return None
    if words[0] in ("last", "this") and words[1:2] and words[1] in _WEEKDAY_WORDS:
        back = (today.weekday() - _WEEKDAY_WORDS[words[1]]) % 7
        return today - timedelta(days=back or (7 if words[0] == "last" else 0)), 2
    if words[0] in _WEEKDAY_WORDS:
        return today - timedelta(days=(today.weekday() - _WEEKDAY_WORDS[words[0]]) % 7), 1
    if words[0] in ("today", "yesterday"):
        return today - timedelta(days=words[0] == "yesterday"), 1
    try:
        return (date.fromisoformat(words[0]), 1) if len(words[0]) == 10 else None
    except ValueError:
        return None


def _clock(words: Sequence[str]) -> tuple[TimeOfDay, int] | None:
    if not words:
        return None
    if words[0] in _NAMED_CLOCKS:
        return TimeOfDay(_NAMED_CLOCKS[words[0]].hour, 0, None), 1
    match = _CLOCK.fullmatch(words[0])
    if not match:
        return None
    half, used = match[3], 1
    if not half and words[1:2] in (["am"], ["pm"]):
        half, used = words[1], 2
    return TimeOfDay(int(match[1]), int(match[2] or 0), half), used
