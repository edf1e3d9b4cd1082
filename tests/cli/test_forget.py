"""surveil forget, surveil retention."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from surveil.cli import surveil

ANNA, BEN = np.eye(2, 544, dtype=np.float32)


@pytest.fixture
def run(database, media, monkeypatch, fill, made_up):
    """Run a command on a database with Anna at 1 and 3, and Ben at 2."""
    monkeypatch.setenv("SURVEIL_MEDIA", str(media.folder))
    fill(
        [made_up(60 * i, embedding=look, colour=(i, 9, 99)) for i, look in enumerate([ANNA, BEN, ANNA])], camera="gate"
    )
    return lambda *arguments: CliRunner().invoke(surveil, ["--database", database.url, *arguments])


def sightings(run):
    return [match["sighting"] for match in json.loads(run("search", "--sort", "oldest", "--json").stdout)["matches"]]


def test_a_person_is_shown_and_then_forgotten(run):
    shown = run("forget", "--like", "sighting:1", "--dry-run")
    assert [line.split()[0] for line in shown.stdout.splitlines()[1:3]] == ["1", "3"]
    assert "Would delete: 2 sightings, 2 pictures" in shown.stdout
    assert run("forget", "--like", "sighting:1").exit_code == 2, "nobody was asked, and nobody said yes"
    assert sightings(run) == [1, 2, 3]
    done = run("forget", "--like", "sighting:1", "--except", "3", "--yes", "--json", "--reason", "letter of 3 May")
    assert json.loads(done.stdout)["removal"]["sightings"] == 1
    assert sightings(run) == [2, 3]
    record = json.loads(run("audit", "list", "--action", "delete", "--json").stdout)["records"][0]
    assert (record["what"], record["reason"]) == ({"forget": "a person", "sightings": 1}, "letter of 3 May")
    assert run("forget").exit_code == 2
    assert run("forget", "--sighting", "2", "--sighting", "3", "--yes").exit_code == 0
    assert sightings(run) == []


def test_cameras_keep_for_so_long(run):
    assert "keeps 30 days" in run("camera", "set", "gate", "--keep-days", "30").stdout
    assert json.loads(run("camera", "list", "--json").stdout)["cameras"][0]["keep_days"] == 30
    dry = run("retention", "run", "--dry-run")
    expected = len(sightings(run))
    assert "Would delete:" in dry.stdout
    assert len(sightings(run)) == expected
    assert run("retention", "run", "--json").exit_code == 0
    assert run("camera", "set", "gate", "--keep-days", "inf").stdout == "gate: zone UTC, clock offset +0 s\n"
