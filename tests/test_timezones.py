"""Time zones by name, and times as people write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from surveil.errors import SurveilError
from surveil.timezones import in_zone, parse_time, zone_named


@pytest.mark.parametrize("name", ["Europe/Nowhere", "", "../../etc/passwd", "/etc/passwd", "Europe", "a\0b"])
def test_a_zone_that_does_not_exist_is_refused(name):
    with pytest.raises(SurveilError, match="unknown time zone"):
        zone_named(name)


@pytest.mark.parametrize("text", ["Tuesday", "", "2026-13-01", "8:30"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(SurveilError, match=r"not a time.*Write 2026-09-14"):
        parse_time(text)


def test_a_time_without_an_offset_is_one_of_the_zone():
    berlin = zone_named("Europe/Berlin")
    assert in_zone(parse_time("2026-09-14T08:30"), berlin) == datetime(2026, 9, 14, 6, 30, tzinfo=UTC)
    assert in_zone(parse_time("2026-09-14"), berlin) == datetime(2026, 9, 14, tzinfo=ZoneInfo("Europe/Berlin"))
    assert in_zone(parse_time("2026-09-14T08:30+00:00"), berlin) == datetime(2026, 9, 14, 8, 30, tzinfo=UTC)
