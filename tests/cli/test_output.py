"""What is printed cannot steer a terminal or a spreadsheet."""

import csv
import io
import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from surveil import open as open_archive
from surveil.cli import surveil
from surveil.cli.output import write_csv, write_table
from surveil.cli.progress import progress_line
from surveil.formatting import printable

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


def test_nor_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    write_table(["camera"], [[EVIL]])
    with progress_line("looking") as line:
        line.say(EVIL)
        line.step(EVIL, 0.5)
    for text in capsys.readouterr():
        assert text.count("owned") == text.count("\\x1b]0;owned\\x07\\x9b2J\\u202egnp.") > 0


def test_nor_from_the_log(tmp_path, monkeypatch):
    (tmp_path / "footage").mkdir()
    (tmp_path / "footage" / "gate.mp4").write_bytes(b"x")
    monkeypatch.setattr(logging.root, "handlers", [])  # pytest's own would take what goes to standard error

    def fail(*_call, **_):
        raise ValueError(EVIL)

    monkeypatch.setattr("surveil.ingest.scan.examine", fail)
    url = f"sqlite:///{tmp_path / 'surveil.db'}"
    result = CliRunner().invoke(surveil, ["--database", url, "ingest", str(tmp_path / "footage")])
    assert result.exit_code == 1
    assert "Traceback" in result.stderr
    printed = result.stderr.replace("\n", "")
    assert printed == printable(printed)


def test_json_keeps_the_name_as_it_is(run):
    [camera] = json.loads(run("camera", "list", "--json").stdout)["cameras"]
    assert camera["camera"] == EVIL


def test_printable_keeps_what_people_write():
    for text in ("Bahnhof Süd 3", "北门", "c:\\footage\\one.mp4", "naïve “quoted”"):
        assert printable(text) == text
    assert printable("a\x1b[31mb\udcff") == "a\\x1b[31mb\\xff"


@pytest.mark.parametrize(
    "name", ["=HYPERLINK(1)", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1", "a;=1", 'a;"=1;b', "a; @b;c"]
)
@pytest.mark.parametrize("separator", [",", ";"])
def test_a_cell_of_csv_is_never_a_formula(capsys, name, separator):
    write_csv([{"similarity": -0.5, "camera": name}], ["similarity", "camera"])
    [_, line] = capsys.readouterr().out.splitlines()
    number, *cells = next(csv.reader([line], delimiter=separator))
    assert number.startswith("-0.5")
    assert not [cell for cell in cells if cell.strip(' "').startswith(("=", "+", "-", "@", "\uff1d"))]


def test_other_cells_of_csv_are_as_they_are(capsys):
    write_csv([{"camera": "Tor 1; links = vorne", "box": [-1.5, 2]}], ["camera", "box"])
    assert capsys.readouterr().out.splitlines()[1] == "Tor 1; links = vorne,-1.5 2"


def _commands(group, path=()):
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def test_whatever_prints_json_prints_csv():
    options = {name: {o for p in command.params for o in p.opts} for name, command in _commands(surveil)}
    with_json = {name for name, has in options.items() if "--json" in has}
    assert with_json >= {"search", "status", "ingest", "cluster", "db check", "camera list", "identities diff"}
    assert {name for name, has in options.items() if "--csv" in has} == with_json


CSV_ROWS = {
    ("status",): {"camera": "'=SUM(1)", "state": "done", "frames.decoded": "0", "sightings": "2"},
    ("footage", "list"): {"camera": "'=SUM(1)", "footage": "1", "warnings": ""},
    ("camera", "list"): {"camera": "'=SUM(1)", "zone": "UTC", "sightings": "2"},
    ("camera", "set", "=SUM(1)", "--zone", "Europe/Rome"): {"camera": "'=SUM(1)", "zone": "Europe/Rome"},
    ("cluster",): {"clustering": "2", "sightings": "2"},
    ("identities", "list"): {"identity": "1", "name": "'@maria", "cameras": "'=SUM(1)"},
    ("identities", "history"): {"decision": "1", "actor": "'-otto", "summary": "named 1 @maria"},
    ("identities", "runs"): {"clustering": "2", "method": "graph", "has_members": "True"},
    ("identities", "diff", "1"): {},
    ("db", "check"): {"check": "crops"},
}


def test_csv_has_the_names_of_the_json_and_no_formulas(database, media, fill, made_up, monkeypatch):
    monkeypatch.setenv("SURVEIL_MEDIA", str(media.folder))
    fill([made_up(embedding=np.eye(544)[i]) for i in range(2)], camera="=SUM(1)")
    with open_archive(database.url) as archive:
        archive.cluster()
        with archive.decide("-otto") as decisions:
            decisions.name(1, "@maria")
    shutil.rmtree(media.folder)
    for call, expected in CSV_ROWS.items():
        result = CliRunner().invoke(surveil, ["--database", database.url, *call, "--csv"])
        row = next(csv.DictReader(io.StringIO(result.stdout)), {})
        assert {name: row[name] for name in expected} == expected, call


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_output_that_finds_no_room_is_told():
    with Path("/dev/full").open("w") as full:
        code = "from surveil.cli import main; main()"
        done = subprocess.run([sys.executable, "-c", code, "--help"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: what was asked for cannot be written to standard output: no space left")
    assert "Traceback" not in done.stderr
