import json

import pytest
from click.testing import CliRunner

from surveil.cli import surveil
from surveil.errors import StoreError


@pytest.fixture
def run(database, media, monkeypatch, fill, made_up):
    """Run a command on a database with one sighting at gate and one at yard."""
    monkeypatch.setenv("SURVEIL_MEDIA", str(media.folder))
    fill([made_up()], camera="gate")
    fill([made_up()], camera="yard")
    return lambda *arguments: CliRunner().invoke(surveil, ["--database", database.url, "footage", *arguments])


def listed(run):
    return {piece["footage"]: piece for piece in json.loads(run("list", "--json").stdout)["footage"]}


def test_footage_is_listed_with_its_number(run):
    lines = run("list").stdout.splitlines()
    assert lines[0].split()[:2] == ["number", "camera"]
    assert [line.split()[:2] for line in lines[1:]] == [["1", "gate"], ["2", "yard"]]


def test_footage_is_forgotten_redone_and_corrected(run):
    assert run("set", "1", "--camera", "hall", "--start", "2026-09-14T08:30").exit_code == 0
    hall = listed(run)[1]
    assert (hall["camera"], hall["started_at"], hall["started_from"]) == ("hall", "2026-09-14T08:30:00+00:00", "flag")
    assert run("again", "1").exit_code == 0
    assert listed(run)[1]["state"] == "waiting"
    result = run("forget", "1", "2")
    assert result.exit_code == 0
    assert result.stdout.count("forgotten:") == 2
    assert listed(run) == {}


def test_what_cannot_be_is_told(run):
    assert run("set", "1").exit_code == 2
    assert isinstance(run("forget", "77").exception, StoreError)
