import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from surveil.cli import surveil
from surveil.errors import FootageError, StoreError
from surveil.ingest.leases import claim_next, new_owner
from surveil.store.clock import database_now
from surveil.store.register import register_footage
from surveil.store.tables import Daemon, Footage
from surveil.store.unopened import note_unopened
from surveil.types import FootageReport, FootageWarning, FrameCounts, Source

START = datetime(2026, 9, 14, 8, tzinfo=UTC)


@pytest.fixture
def status(database):
    def run(*arguments):
        result = CliRunner().invoke(surveil, ["--database", database.url, "status", *arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


def register(database, name):
    source = Source(Path(f"/f/{name}.mp4"), "video", name, "path", START, "path", name.encode().hex().ljust(64, "0"))
    return register_footage(database, source)[0]


def test_an_empty_database_has_no_footage(status):
    assert json.loads(status("--json")) == {"footage": [], "daemons": [], "unopened": []}


def test_footage_that_is_done_is_shown_with_its_numbers(status, fill, made_up):
    fill([made_up(), made_up(first=4)], camera="yard", start=START)
    [piece] = json.loads(status("--json"))["footage"]
    assert {name: piece[name] for name in ("path", "camera", "state", "sightings", "error")} == {
        "path": "/footage/yard-1.mp4",
        "camera": "yard",
        "state": "done",
        "sightings": 2,
        "error": None,
    }
    assert set(piece["frames"]) == {"decoded", "processed", "gated", "sampled_out", "unreadable"}
    line = status().splitlines()[1].split()
    assert line == ["yard-1.mp4", "yard", "2026-09-14", "08:00:00", "done", "0", "0", "0", "0", "0", "2"]


def test_progress_is_seen_while_footage_is_ingested(status, database):
    footage = register(database, "gate")
    register(database, "hall")
    claim_next(database, [footage], new_owner())
    with database.session() as session:
        session.execute(update(Footage).where(Footage.id == footage).values(progress=0.42))
    gate, hall = json.loads(status("--json"))["footage"]
    assert (gate["state"], gate["progress"]) == ("working", 0.42)
    assert (hall["state"], hall["frames"]["decoded"]) == ("waiting", 0)
    assert "working 42%" in status()


def test_footage_whose_worker_is_gone_is_shown_as_stale(status, database):
    machine, number, start, token = new_owner().split()
    claim_next(database, [register(database, "gate")], " ".join([machine, number, str(int(start) - 1), token]))
    claim_next(database, [register(database, "hall")], new_owner())
    gate, hall = json.loads(status("--json"))["footage"]
    assert (gate["state"], gate["stale"]) == ("working", True)
    assert (hall["state"], hall["stale"]) == ("working", False)
    assert status().count("stale") == 1


def test_reasons_and_warnings_are_shown(status, database, media):
    from surveil.store.models import ModelRef
    from surveil.store.writer import Writer

    writer = Writer(database, media, ModelRef("model", "f" * 64))
    writer.begin(register(database, "gate")).fail(
        FootageReport(Path("/f/gate.mp4"), "gate", "failed", error="/f/gate.mp4: no frame can be decoded")
    )
    done = FootageReport(
        Path("/f/hall.mp4"),
        "hall",
        "done",
        FrameCounts(5, 1, 2, 2, 3),
        warnings=(FootageWarning("truncated", 4.0, 6.0),),
    )
    writer.begin(register(database, "hall")).finish(done)
    gate, hall = json.loads(status("--json"))["footage"]
    assert (gate["state"], gate["error"]) == ("failed", "/f/gate.mp4: no frame can be decoded")
    assert hall["frames"] == {"decoded": 5, "processed": 1, "gated": 2, "sampled_out": 2, "unreadable": 3}
    assert status().splitlines()[-2:] == [
        "/f/gate.mp4: no frame can be decoded",
        "/f/hall.mp4: cut off: the container says 6.0 s, frames end at 4.0 s (2.0 s missing)",
    ]


def test_without_a_database_it_says_what_to_do(tmp_path):
    result = CliRunner().invoke(surveil, ["--database", f"sqlite:///{tmp_path / 'none.db'}", "status"])
    assert isinstance(result.exception, StoreError)
    assert "Ingest footage first" in str(result.exception)


def test_those_who_watch_and_what_could_not_be_opened_are_told(status, database, tmp_path):
    heard = database_time(database)
    watch = {"pid": 4711, "folders": ["/f"], "started_at": heard, "seen_at": heard, "away": [], "growing": 0}
    minute = timedelta(minutes=1)
    with database.session() as session:
        session.add_all(
            [
                Daemon(owner="a", host="north", alive_until=heard + minute, last_scan=None, **watch),
                Daemon(owner="b", host="south", alive_until=heard - minute, last_scan=heard, **watch),
                Daemon(
                    owner="c",
                    host="west",
                    alive_until=heard + minute,
                    last_scan=heard - timedelta(seconds=7),
                    **watch | {"growing": 2, "away": ["/usb"]},
                ),
            ]
        )
    (tmp_path / "odd.mp4").touch()
    note_unopened(database, FootageError("no video in it", tmp_path / "odd.mp4", "Is it a film?"))
    register(database, "gate")
    odd, north, south, west = status().splitlines()[-4:]
    assert odd == f"{tmp_path}/odd.mp4: not opened: no video in it. Is it a film?"
    assert north == "watched: /f (process 4711 on north): first scan not done yet, 1 waiting, 0 working, 1 failed"
    assert south.startswith("no longer watched: /f (process 4711 on south), last heard of ")
    assert south.endswith(f"{heard:%Y-%m-%d %H:%M:%S} UTC; start it again")
    assert west.endswith("last scan 7 s ago, 1 waiting, 0 working, 1 failed, 2 still growing; not there: /usb")
    daemons = json.loads(status("--json"))["daemons"]
    assert [(daemon["host"], daemon["alive"]) for daemon in daemons] == [
        ("north", True),
        ("south", False),
        ("west", True),
    ]


def database_time(database):
    with database.session() as session:
        return database_now(session)
