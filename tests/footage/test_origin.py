"""Which camera, and when: told by names as recorders write them, by flags, by metadata, by file times."""

import os
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from surveil.errors import FootageError, SurveilError
from surveil.footage.origin import OriginRules, default_camera
from surveil.footage.patterns import DEFAULT_PATTERNS, KNOWN_GROUPS

LOCAL = datetime(2026, 9, 14, 6, 15, tzinfo=UTC)
"""08:15 in Rome, which is two hours ahead in September."""
AT_UTC = datetime(2026, 9, 14, 8, 15, tzinfo=UTC)
"""08:15, where the name is in UTC."""

NAMES = [
    ("2026-09-14/08/gate/15.00.mp4", "gate", AT_UTC),
    ("gate/2026-09-14/08/15.00.mp4", "gate", LOCAL),
    ("gate/2026/09/14/08/15.mp4", "gate", LOCAL),
    ("gate/2026091408/15M00S_1789373700.mp4", "gate", LOCAL),
    ("gate/2026-09-14/001/dav/08/08.15.00-08.30.00[M][0@0][0].dav", "gate", LOCAL),
    ("gate/2026/09/14/08-15-00.mp4", "gate", LOCAL),
    ("gate_20260914-081500.mp4", "gate", LOCAL),
    ("gate 2026-09-14 08.15.00.avi", "gate", LOCAL),
    ("gate_2026-09-14T08:15:00.mkv", "gate", LOCAL),
    ("gate_2026-09-14T08-15-00Z.mkv", "gate", AT_UTC),
    ("ch01_20260914081500.mp4", "ch01", LOCAL),
    ("1_20260914081500.mp4", "1", LOCAL),
    ("192.168.1.64_01_20260914081500123.mp4", "192.168.1.64_01", LOCAL),
    ("NVR_ch3_main_20260914081500_20260914091500.mp4", "NVR_ch3", LOCAL),
    ("2026-09-14_08-15-00_gate.mkv", "gate", LOCAL),
    ("20260914081500_20260914091500_gate.mp4", "gate", LOCAL),
    ("20260914_081500_20260914_091500_gate.mp4", "gate", LOCAL),
    ("gate/2026-09-14/20260914_081500.mp4", "gate", LOCAL),
    ("gate/2026/09/14/20260914T081500Z.mp4", "gate", AT_UTC),
    ("gate/2026-09-14/20260914_081500_yard.mp4", "yard", LOCAL),
    ("gate/20260914_081500.mp4", None, LOCAL),
    ("gate/20260914T081500_20260914T091500.mp4", None, LOCAL),
    ("gate/20260914_081500_20260914_091500.mp4", None, LOCAL),
    ("gate/2026/09/14/1789373700000_1789373760000.ts", "gate", AT_UTC),
    ("gate/1789373700.mp4", "gate", AT_UTC),
    ("gate-1789373700.123456-abc123.mp4", "gate", AT_UTC + timedelta(microseconds=123456)),
    ("gate_1789373700000.mp4", "gate", AT_UTC),
]


@pytest.mark.parametrize(("name", "camera", "time"), NAMES)
def test_names_of_recorders(name, camera, time):
    assert OriginRules.of("Europe/Rome").read_path(Path("/footage") / name) == (camera, time)


def test_every_pattern_is_the_first_to_read_some_name():
    first = {
        next(number for number, pattern in enumerate(DEFAULT_PATTERNS) if pattern.search(f"/footage/{name}"))
        for name, _, _ in NAMES
    }
    assert first == set(range(len(DEFAULT_PATTERNS)))
    assert all(set(pattern.groupindex) <= KNOWN_GROUPS for pattern in DEFAULT_PATTERNS)


@pytest.mark.parametrize(
    "name",
    [
        "gate.mp4",
        "gate/0001.mp4",
        "gate_20260230_081500.mp4",  # no such day
        "gate_20261314_081500.mp4",  # no such month
        "gate_20260914_256100.mp4",  # no such hour
        "gate_12345678901234.mp4",  # a serial number
        "gate/2026-02-30/08/15.00.mp4",
        "0002_c1s1_000451_03.jpg",  # Market-1501: not a date, and read elsewhere
    ],
)
def test_a_name_that_names_no_possible_time_says_nothing(name):
    assert OriginRules().read_path(Path("/footage") / name) == (None, None)


@pytest.mark.parametrize(
    ("name", "zone", "time"),
    [
        ("gate_20261025_023000.mp4", "Europe/Rome", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # twice: the first
        ("gate_20260329_023000.mp4", "Europe/Rome", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # never: offset before
        ("gate_20261101_013000.mp4", "America/New_York", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        ("gate_20260308_023000.mp4", "America/New_York", datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),
        ("gate_20260115_120000.mp4", "Europe/Rome", datetime(2026, 1, 15, 11, tzinfo=UTC)),
        ("gate_20260914_001500.mp4", "Asia/Kolkata", datetime(2026, 9, 13, 18, 45, tzinfo=UTC)),
    ],
)
def test_times_where_the_clocks_change(name, zone, time):
    assert OriginRules.of(zone).read_path(Path("/footage") / name) == ("gate", time)


def test_a_camera_may_have_its_own_zone():
    clock = OriginRules.of("UTC", zones={"gate": "Europe/Rome"})
    assert clock.read_path(Path("/f/gate_20260914_081500.mp4")) == ("gate", LOCAL)
    assert clock.read_path(Path("/f/yard_20260914_081500.mp4")) == ("yard", AT_UTC)


def test_own_patterns_go_before_the_default_ones():
    own = [r"/(?P<camera>k\d+)/", r"/(?P<date>\d{4}\.\d\d\.\d\d) (?P<time>\d\d\.\d\d)(?P<utc>u)?"]
    path, in_utc = Path("/f/k7/2026.09.14 08.15 left_20200601_000000.mp4"), Path("/f/2026.09.14 08.15u.mp4")
    assert OriginRules.of("Europe/Rome", own).read_path(path) == ("k7", LOCAL)
    assert OriginRules.of("Europe/Rome", own).read_path(in_utc) == (None, AT_UTC)
    assert OriginRules.of("Europe/Rome").read_path(path)[1].year == 2020  # else the pattern above would show nothing


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"zone": "Mars/Olympus"}, "'Mars/Olympus': unknown time zone"),
        ({"zones": {"gate": "../../etc/passwd"}}, "unknown time zone"),
        ({"patterns": ["(?P<camera>"]}, "not a regular expression"),
        ({"patterns": [r"cam\d+"]}, "neither a camera nor a time"),
        ({"patterns": [r"(?P<kamera>\d+)"]}, "neither a camera nor a time"),
    ],
)
def test_a_wrong_setting_is_told(wrong, message):
    with pytest.raises(SurveilError, match=re.escape(message)):
        OriginRules.of(**wrong)


MODIFIED = datetime(2026, 9, 20, 12, tzinfo=UTC)
METADATA = {"creation_time": "2026-09-14T05:00:00.000000Z"}
NAMED = Path("/f/gate_20260914_081500.mp4")


def origin(path=NAMED, camera=None, start=None, metadata=METADATA, **more):
    rules = OriginRules.of("Europe/Rome", camera=camera, start=start)
    name, name_from = rules.camera_of(path)
    return name, name_from, *rules.start_of(path, name, metadata=metadata, modified=MODIFIED.timestamp(), **more)


def test_flag_before_path_before_metadata_before_file_time():
    start = datetime(2026, 9, 1, 12)
    unnamed = Path("/f/entrance.mp4")
    assert origin(camera="hall", start=start) == ("hall", "flag", datetime(2026, 9, 1, 10, tzinfo=UTC), "flag")
    assert origin(camera="hall") == ("hall", "flag", LOCAL, "path")
    assert origin(start=start) == ("gate", "path", datetime(2026, 9, 1, 10, tzinfo=UTC), "flag")
    assert origin() == ("gate", "path", LOCAL, "path")
    assert origin(unnamed) == ("entrance", "default", datetime(2026, 9, 14, 5, tzinfo=UTC), "metadata")
    assert origin(unnamed, metadata={}) == ("entrance", "default", MODIFIED, "file time")


def test_a_flag_with_a_zone_is_not_local():
    start = datetime(2026, 9, 1, 12, tzinfo=timezone(timedelta(hours=-5)))
    assert origin(start=start)[2:] == (datetime(2026, 9, 1, 17, tzinfo=UTC), "flag")


@pytest.mark.parametrize(
    ("local", "times"),
    [("20261025_015959", 1), ("20261025_020000", 2), ("20261025_025959", 2), ("20261025_030000", 1),
     ("20260329_015959", 1), ("20260329_020000", 0), ("20260329_025959", 0), ("20260329_030000", 1)],
)  # fmt: skip
def test_a_start_that_clocks_show_twice_or_never_is_in_doubt(local, times):
    rules = OriginRules.of("Asia/Tokyo", zones={"gate": "Europe/Rome"})
    doubt = rules.clock_change(Path(f"/f/gate_{local}.mp4"), "gate", metadata={})
    assert (1 if doubt is None else doubt.detail["times"]) == times
    assert rules.clock_change(Path(f"/f/yard_{local}.mp4"), "yard", metadata={}) is None


def test_a_start_with_an_offset_is_never_in_doubt():
    rules = OriginRules.of("Europe/Rome", start=datetime(2026, 10, 25, 2, 45, tzinfo=timezone(timedelta(hours=1))))
    assert rules.clock_change(Path("/f/gate_20261025_021500.mp4"), "gate", metadata={}) is None
    without = OriginRules.of("Europe/Rome")
    assert without.clock_change(Path("/f/a.mp4"), "a", metadata={"creation_time": "2026-10-25T02:45:00Z"}) is None
    assert without.clock_change(Path("/f/a.mp4"), "a", metadata={"creation_time": "2026-10-25T02:45:00"}) is not None


def test_a_file_is_written_when_its_footage_ends():
    assert origin(Path("/f/a.mp4"), metadata={}, duration=90.5)[2] == MODIFIED - timedelta(seconds=90.5)


@pytest.mark.parametrize(
    ("metadata", "time"),
    [
        ({"com.apple.quicktime.creationdate": "2026-09-14T08:15:00+02:00", **METADATA}, LOCAL),
        ({"creation_time": "2026-09-14 08:15:00"}, LOCAL),  # no zone: local
        ({"creation_time": "1904-01-01T00:00:00Z", "date": "2026-09-14T08:15:00"}, LOCAL),
    ],
)
def test_times_in_metadata(metadata, time):
    assert origin(Path("/f/a.mp4"), metadata=metadata)[2:] == (time, "metadata")


@pytest.mark.parametrize("time", ["1904-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "yesterday", ""])
def test_a_clock_that_was_never_set_is_not_believed(time):
    assert origin(Path("/f/a.mp4"), metadata={"creation_time": time})[2:] == (MODIFIED, "file time")


@pytest.mark.parametrize(
    ("path", "camera"),
    [
        ("/f/entrance.mp4", "entrance"),
        ("/f/entrance/0001.mp4", "entrance"),
        ("/f/entrance/20260914_081500.mp4", "entrance"),
        ("/f/entrance/20260914T081500Z.mp4", "entrance"),
        ("/f/entrance/2026-09-14T08-15-00.mp4", "entrance"),
        ("/f/Eingang Süd.mp4", "Eingang Süd"),
        ("/f/入口.mp4", "入口"),
    ],
)
def test_the_default_camera_is_the_file_or_its_folder(path, camera):
    assert default_camera(Path(path)) == camera


def test_times_outside_the_calendar_are_told_or_not_believed():
    path = Path("/f/a.mp4")
    for time in ("9999-12-31T23:59:59", "0001-01-01T00:00:00"):
        assert origin(path, metadata={"date": time})[2:] == (MODIFIED, "file time")
    with pytest.raises(SurveilError, match="no time at which footage can start"):
        OriginRules.of("Asia/Tokyo", start=datetime(1, 1, 1))
    with pytest.raises(FootageError, match=r"file time cannot be.*--start"):
        OriginRules.of().start_of(path, "a", metadata={}, modified=253_402_300_800.0)
    named = OriginRules.of().start_of(NAMED, "gate", metadata={}, modified=253_402_300_800.0)
    assert named == (AT_UTC, "path")  # where it is not needed it does no harm


def test_a_name_that_is_no_utf_8_names_a_camera_that_can_be_stored():
    assert OriginRules.of().camera_of(Path(os.fsdecode(b"/f/Eingang S\xfcd.mp4"))) == ("Eingang Süd", "default")
