import json

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from surveil.cli import surveil
from surveil.errors import StoreError, SurveilError
from surveil.store.tables import SightingRow


@pytest.fixture
def run(database):
    return lambda *call: CliRunner().invoke(surveil, ["--database", database.url, "camera", *call])


def test_listing(run, fill, made_up):
    fill([made_up(), made_up()], camera="yard", zone="Europe/Rome")
    fill([made_up()], camera="gate")
    assert json.loads(run("list", "--json").output) == {
        "cameras": [
            {"camera": "gate", "zone": "UTC", "clock_offset": 0.0, "keep_days": None, "footage": 1, "sightings": 1},
            {
                "camera": "yard",
                "zone": "Europe/Rome",
                "clock_offset": 0.0,
                "keep_days": None,
                "footage": 1,
                "sightings": 2,
            },
        ]
    }
    lines = run("list").output.splitlines()
    assert lines[0].split() == ["camera", "zone", "clock", "offset", "(s)", "keep", "days", "footage", "sightings"]
    assert lines[2].split() == ["yard", "Europe/Rome", "0.0", "1", "2"]


def test_setting_an_offset_moves_the_sightings(run, fill, made_up, database):
    fill([made_up(first=5)], camera="yard")
    result = run("set", "yard", "--clock-offset", "-180", "--zone", "Asia/Tokyo")
    assert result.output == "yard: zone Asia/Tokyo, clock offset -180 s\n"
    with database.session() as session:
        assert session.scalars(select(SightingRow.first_seen)).one().isoformat() == "2026-09-14T11:57:05+00:00"


def test_a_camera_can_be_set_before_its_first_footage(run):
    assert isinstance(run("set", "yard", "--zone", "UTC").exception, StoreError)
    result = run("set", "yard", "--zone", "Europe/Rome", "--new", "--json")
    assert json.loads(result.output) == {
        "camera": "yard",
        "zone": "Europe/Rome",
        "clock_offset": 0.0,
        "keep_days": None,
    }


def test_wrong_calls(run):
    assert run("set", "yard").exit_code == 2
    assert run("set", "yard", "--clock-offset", "soon").exit_code == 2
    assert isinstance(run("set", "yard", "--new", "--zone", "Mars/Base").exception, SurveilError)
