"""What options take, and what they say of anything else."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import click
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from surveil.attributes import ATTRIBUTES
from surveil.cli.parameters import ClockType, IntervalType, LabelType, TimeType, values_by_name


def converted(kind, value):
    return kind.convert(value, None, None)


@given(moment=st.datetimes(timezones=st.none() | st.timezones()))
@example(moment=datetime(1999, 10, 31, 1, tzinfo=ZoneInfo("America/Adak")))
def test_every_time_that_is_printed_may_be_given(moment):
    # Compared as they are printed: in an hour that comes twice, Python finds no times of two zones equal.
    given_time = converted(TimeType(), moment.isoformat())
    assert given_time.isoformat() == moment.isoformat()
    assert converted(TimeType(), given_time) == given_time


@given(clock=st.times())
def test_every_time_of_day_may_be_given(clock):
    assert converted(ClockType(), clock.isoformat()) == clock
    assert converted(ClockType(), f"{clock:%H:%M}") == clock.replace(second=0, microsecond=0)


def test_a_time_of_day_needs_no_leading_zero():
    assert converted(ClockType(), "8:30") == time(8, 30)


@pytest.mark.parametrize(
    ("written", "seconds"), [("45s", 45), ("30m", 1800), ("1h", 3600), ("24h", 86400), ("1d", 86400), ("007m", 420)]
)
def test_an_interval_is_a_number_and_a_unit(written, seconds):
    assert converted(IntervalType(), written) == seconds


@pytest.mark.parametrize("attribute", ATTRIBUTES, ids=lambda attribute: attribute.name)
def test_every_label_of_every_attribute_may_be_given_in_either_spelling(attribute):
    for label in attribute.labels:
        for name in (attribute.name, attribute.name.replace("_", "-"), attribute.name.upper()):
            assert converted(LabelType(), f"{name}={label}") == (attribute.name, label)
    assert converted(LabelType(), (attribute.name, attribute.labels[0])) == (attribute.name, attribute.labels[0])


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (TimeType(), "Tuesday", "Write 2026-09-14 or 2026-09-14T08:30"),
        (TimeType(), "2026-02-30", "not a time"),
        (ClockType(), "half past", "write 08:30"),
        (ClockType(), "24:30", "no time of day"),
        (IntervalType(), "0m", "write 30m, 1h or 1d"),
        (IntervalType(), "1 h", "no interval"),
        (IntervalType(), "-1h", "no interval"),
        (IntervalType(), "1.5h", "no interval"),
        (LabelType(), "shoes=red", "no attribute is called 'shoes'; there is: age, backpack"),
        (LabelType(), "upper-colour=pink", "upper_colour has the values black, white, red"),
        (LabelType(), "hat", "hat has the values no, yes, not ''"),
    ],
)
def test_anything_else_is_told_with_what_to_write(kind, value, message):
    with pytest.raises(click.BadParameter, match=message):
        converted(kind, value)


def test_a_time_as_it_is_stays():
    moment = datetime(2026, 9, 14)
    assert converted(TimeType(), moment) is moment
    assert converted(ClockType(), time(8)) == time(8)


@given(pairs=st.lists(st.tuples(st.sampled_from(["hat", "age"]), st.text(max_size=3))))
def test_values_of_one_name_stand_together_in_their_order(pairs):
    found = values_by_name(pairs)
    assert sum(map(len, found.values())) == len(pairs)
    assert all(labels == [label for name, label in pairs if name == key] for key, labels in found.items())
