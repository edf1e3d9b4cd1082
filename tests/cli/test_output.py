"""What is printed cannot steer a terminal or a spreadsheet."""

import csv
import io
import json

import pytest
from click.testing import CliRunner

from surveil.cli import surveil
from surveil.cli.output import printable, write_csv

EVIL = "gate\x1b]0;owned\x07\x9b2J\u202egnp.\r"


@pytest.fixture
def run(database, media, fill, made_up, monkeypatch):
    monkeypatch.setenv("SURVEIL_MEDIA", str(media.folder))
    fill([made_up(outputs={"hat": 0.9})], camera=EVIL)
    return lambda *call: CliRunner().invoke(surveil, ["--database", database.url, *call])


@pytest.mark.parametrize(
    "call",
    [
        ("status",),
        ("status", "--json"),
        ("camera", "list"),
        ("camera", "list", "--json"),
        ("search", "--hat"),
        ("search", "--hat", "--json"),
        ("search", "--hat", "--csv"),
        ("camera", "set", EVIL, "--zone", "UTC"),
    ],
)
def test_no_control_character_of_a_name_is_printed(run, call):
    result = run(*call)
    assert result.exit_code == 0, result.output
    assert "gate" in result.output
    printed = result.output.replace("\n", "")
    assert printed == printable(printed)


def test_json_keeps_the_name_as_it_is(run):
    [camera] = json.loads(run("camera", "list", "--json").stdout)["cameras"]
    assert camera["camera"] == EVIL


def test_printable_keeps_what_people_write():
    for text in ("Bahnhof Süd 3", "北门", "c:\\footage\\one.mp4", "naïve “quoted”"):
        assert printable(text) == text
    assert printable("a\x1b[31mb\udcff") == "a\\x1b[31mb\\udcff"


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_cell_of_csv_is_never_a_formula(capsys, name):
    write_csv([{"camera": name, "similarity": -0.5}], ["camera", "similarity"])
    [row] = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["camera"].startswith("'")
    assert row["similarity"] == "-0.5"
