import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from surveil.cli import surveil
from surveil.errors import StoreError
from surveil.ingest.leases import claim_next, new_owner
from surveil.store.register import register_footage
from surveil.store.tables import Footage
from surveil.types import FootageReport, FootageWarning, FrameCounts, Source

START = datetime(2026, 9, 14, 8, tzinfo=UTC)


@pytest.fixture
def database_url(seldom_database_url):
    return seldom_database_url


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
