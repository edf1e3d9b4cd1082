"""Every command that answers: its JSON, its CSV and its table tell of the same things."""

import csv
import io
import json

import click
import pytest
from click.testing import CliRunner

import surveil
from surveil.cli import COMMANDS
from surveil.cli import surveil as program
from surveil.store.media import MediaFolder
from surveil.store.session import Database

ANSWERS = {
    "search": "matches",
    "status": "footage",
    "footage list": "footage",
    "camera list": "cameras",
    "identities list": "identities",
    "identities history": "decisions",
    "identities runs": "runs",
    "saved list": "searches",
    "saved history": "searches",
    "saved run women": "matches",
    "case list": "cases",
    "user list": "users",
    "token list": "tokens",
    "audit list": "records",
    "model list": "models",
}
"""The commands, and the key of their JSON that lists what the others have a row of."""
NO_LISTS = {
    *("cluster", "db check", "db upgrade", "audit verify", "retention run", "evidence key", "forget", "ingest"),
    "identities diff",
}
"""They answer with one thing, or need more than a database that was filled once."""
ODD = '=HYPERLINK("http://x"),\x1b[31m gate'


@pytest.fixture(scope="module")
def filled(tmp_path_factory, filler, made_up):
    """An archive that has something of every kind, some of it with odd names; gives its folder."""
    folder = tmp_path_factory.mktemp("formats")
    with Database.open(f"sqlite:///{folder}/surveil.db") as database:
        fill = filler(database, MediaFolder(folder / "media"))
        fill([made_up(0, 4, {"gender_female": 0.9}), made_up(9, 11)], camera=ODD)
        fill([made_up(0, 9, {"gender_female": 0.8})], camera="yard", path=folder / "a\nb.mp4")
    with surveil.open(f"sqlite:///{folder}/surveil.db", media=folder / "media") as archive:
        archive.cluster()
        with archive.decide("maria") as decisions:
            decisions.name(1, ODD)
        archive.save_search("women", archive.request("woman"))
        archive.cases.new("theft", "maria")
        archive.accounts.add("maria", "a long password of hers", "admin")
        archive.accounts.make_token("maria", "report", ["search"], days=3)
        with archive.acting(None, "see", {"sighting": 1}):
            pass
    return folder


@pytest.fixture
def run(filled, monkeypatch):
    monkeypatch.setenv("SURVEIL_MEDIA", str(filled / "media"))
    return lambda line, *more: CliRunner().invoke(
        program, ["--database", f"sqlite:///{filled}/surveil.db", *line.split(), *more]
    )


@pytest.mark.parametrize(("command", "key"), ANSWERS.items(), ids=ANSWERS)
def test_json_csv_and_table_tell_of_as_many_things(run, command, key):
    answers = {form: run(command, *form) for form in ((), ("--json",), ("--csv",))}
    assert {answer.exit_code for answer in answers.values()} == {0}, [answer.output for answer in answers.values()]
    listed = json.loads(answers["--json",].stdout)[key]
    rows = list(csv.DictReader(io.StringIO(answers["--csv",].stdout)))
    assert len(listed) == len(rows) > 0
    assert len(answers[()].stdout.splitlines()) >= len(rows)
    for name in rows[0]:
        assert name
        assert not name.startswith("Unnamed")
    assert all(None not in row and None not in row.values() for row in rows), "as many cells as headings"


@pytest.mark.parametrize("command", ANSWERS)
def test_no_name_steers_the_terminal_or_runs_in_a_spreadsheet(run, command):
    for form in ((), ("--json",), ("--csv",)):
        answer = run(command, *form).stdout
        assert "\x1b" not in answer
        assert "\r" not in answer
    for row in csv.reader(io.StringIO(run(command, "--csv").stdout)):
        assert not any(cell.startswith("=") for cell in row)


def test_these_are_all_commands_that_list(run):
    """A new command with --json that lists something is to be added above."""
    found = set()
    for name in COMMANDS:
        command = program.get_command(None, name)
        subcommands = command.commands.items() if isinstance(command, click.Group) else [("", command)]
        for sub, one in subcommands:
            has_json = any("--json" in option.opts for option in one.params)
            required = any(option.required for option in one.params)
            if has_json and not required:
                found.add(f"{name} {sub}".strip())
    assert found - NO_LISTS == {" ".join(command.split()[:2]) for command in ANSWERS if command != "saved run women"}


def test_what_is_not_there_is_an_error_in_every_format(run):
    for command in ("identities show 99", "saved run nothing", "case show nothing"):
        for form in ((), ("--json",), ("--csv",)):
            answer = run(command, *form)
            assert answer.exit_code != 0
            assert answer.stdout == ""


def test_asking_makes_no_database(tmp_path):
    url = f"sqlite:///{tmp_path}/none.db"
    for command in ANSWERS:
        answer = CliRunner().invoke(program, ["--database", url, *command.split()])
        assert answer.exit_code != 0
        assert "Ingest footage first" in str(answer.exception)
    assert not list(tmp_path.iterdir())
