from pathlib import Path

from surveil.cli.ingest_table import COLUMNS, remarks, table
from surveil.types import FootageReport, FootageWarning, FrameCounts

GATE = FootageReport(
    Path("/f/gate.mp4"),
    "gate",
    "done",
    FrameCounts(100, 20, 30, 50, 1),
    sightings=3,
    seconds=2.0,
    duration=10.0,
    warnings=(FootageWarning("truncated", 4.0, 6.0),),
    short_tracks=2,
)
HALL = FootageReport(Path("/f/hall.mp4"), "hall", "done", FrameCounts(10, 10), sightings=1, seconds=3.0, duration=2.0)
BAD = FootageReport(Path("/f/bad.mp4"), "", "failed", error="/f/bad.mp4: no video")


def cells(reports, row):
    return dict(zip(COLUMNS, table(reports)[row], strict=True))


def test_a_row_says_what_became_of_the_footage():
    row = cells([GATE], 0)
    assert (row["footage"], row["camera"], row["state"], row["people"]) == ("gate.mp4", "gate", "done", "3")
    counts = [row[name] for name in ("decoded", "processed", "gated", "sampled out", "unreadable")]
    assert counts == ["100", "20", "30", "50", "1"]
    assert (row["seconds"], row["x real time"]) == ("2.0", "5.0")


def test_one_footage_has_no_totals_and_none_no_rows():
    assert len(table([GATE])) == 1
    assert table([]) == []


def test_the_totals_add_up():
    row = cells([GATE, HALL, BAD], -1)
    assert (row["footage"], row["state"], row["decoded"]) == ("total", "2 done, 1 failed", "110")
    assert (row["people"], row["seconds"], row["x real time"]) == ("4", "5.0", "2.4")


def test_crops_have_no_real_time():
    crops = FootageReport(Path("/f/crops"), "c1", "done", seconds=1.0, duration=7200.0, kind="crops")
    assert cells([crops], 0)["x real time"] == ""
    assert cells([GATE, crops], -1)["x real time"] == ""


def test_remarks_name_their_footage():
    assert remarks([GATE, HALL, BAD]) == [
        "gate.mp4: cut off: the container says 6.0 s, frames end at 4.0 s (2.0 s missing)",
        "gate.mp4: 2 tracks too short or too poor to describe were dropped",
        "failed: /f/bad.mp4: no video",
    ]
