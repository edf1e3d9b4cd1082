"""When an exhibit was: by the camera's clock, corrected, in its zone."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from surveil.evidence.exhibit import Exhibit


def exhibit(started_at, zone="UTC", clock_offset=0.0):
    return Exhibit(
        1,
        "gate",
        zone,
        clock_offset,
        Path("gate.mp4"),
        "video",
        "a" * 64,
        started_at,
        "path",
        9000.0,
        (),
        0.0,
        1.0,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("zone", "offset", "seconds", "expected"),
    [
        ("UTC", 0.0, 0.0, "2026-09-14T08:15:00+00:00"),
        ("Europe/Rome", 0.0, 62.5, "2026-09-14T10:16:02.500000+02:00"),
        ("Europe/Rome", -180.0, 6.0, "2026-09-14T10:12:06+02:00"),
        ("Asia/Kolkata", 3600.0, 0.0, "2026-09-14T14:45:00+05:30"),
    ],
)
def test_a_second_of_the_footage_has_a_time(zone, offset, seconds, expected):
    made = exhibit(datetime(2026, 9, 14, 8, 15, tzinfo=UTC), zone, offset)
    assert made.time(seconds).isoformat() == expected


def test_seconds_go_on_when_the_clocks_are_put_back():
    """In Rome, the hour from 2 to 3 on 25 October 2026 comes twice; the footage does not."""
    made = exhibit(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "Europe/Rome")
    before, after = made.time(0.0), made.time(3600.0)
    assert (before.isoformat(), after.isoformat()) == ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00")
    assert (after.astimezone(UTC) - before.astimezone(UTC)).total_seconds() == 3600
