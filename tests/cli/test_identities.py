import csv
import io
import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from surveil.cli import surveil
from surveil.errors import ConflictError, QueryError
from surveil.identities.cluster import cluster

ANNA, BEN = np.eye(2, 544, dtype=np.float32)


@pytest.fixture
def run(database, media, monkeypatch):
    monkeypatch.setenv("SURVEIL_MEDIA", str(media.folder))

    def call(*arguments):
        result = CliRunner().invoke(surveil, ["--database", database.url, "identities", *map(str, arguments)])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture
def anna(database, fill, made_up):
    """Her sightings, in order of time; there is also one of somebody else."""
    late = fill([made_up(9, embedding=ANNA, colour=(20, 200, 20)), made_up(5, embedding=BEN)], camera="gate")
    early = fill([made_up(0, embedding=ANNA, colour=(200, 20, 20))], camera="yard")
    cluster(database, 0.5)
    return [*early, late[0]]


def test_the_list(run, anna):
    identities = json.loads(run("list", "--json").stdout)["identities"]
    assert [set(identity) for identity in identities] == [
        {"identity", "name", "sightings", "cameras", "first_seen", "last_seen", "note", "hidden"}
    ] * 2
    assert [(identity["sightings"], identity["cameras"]) for identity in identities] == [
        (2, ["gate", "yard"]),
        (1, ["gate"]),
    ]
    rows = list(csv.DictReader(io.StringIO(run("list", "--csv").stdout)))
    assert [row["cameras"] for row in rows] == ["gate yard", "gate"]
    table = run("list").stdout.splitlines()
    assert len(table) == 3
    assert "gate, yard" in table[1]


def test_the_list_before_the_first_clustering(run):
    assert json.loads(run("list", "--json").stdout) == {"identities": []}
    result = run("list")
    assert result.stdout == ""
    assert "surveil cluster" in result.stderr


def test_showing_one(run, anna, tmp_path):
    [identity, _] = json.loads(run("list", "--json").stdout)["identities"]
    shown = json.loads(run("show", identity["identity"], "--sheet", tmp_path / "one.png", "--json").stdout)
    assert shown["identity"] == identity["identity"]
    assert shown["name"] is None
    assert [sighting["sighting"] for sighting in shown["sightings"]] == anna
    pixels = np.asarray(Image.open(tmp_path / "one.png"), int)
    for colour in ((20, 20, 200), (20, 200, 20)):
        assert (np.abs(pixels - colour).max(axis=2) < 8).sum() > 20_000
    assert [(lane["camera"], [visit["sightings"] for visit in lane["visits"]]) for lane in shown["timeline"]] == [
        ("gate", [[anna[1]]]),
        ("yard", [[anna[0]]]),
    ]
    assert (shown["first_seen"], shown["last_seen"]) == (
        shown["sightings"][0]["first_seen"],
        shown["sightings"][1]["last_seen"],
    )
    assert (shown["companions"], shown["suggestions"]) == ([], [])
    lines = run("show", identity["identity"]).stdout.splitlines()
    assert lines[:2] == [f"Identity {identity['identity']}", "2 sightings by gate, yard"]
    assert lines[2] == "first seen 2026-09-14 12:00:00 UTC"
    assert [line.split()[0] for line in lines[-6:-4]] == ["gate", "yard"]
    assert [line.split()[2] for line in lines[-2:]] == ["yard", "gate"]
    assert len(run("show", identity["identity"], "--csv").stdout.splitlines()) == 3


def test_a_suggested_merge_is_shown_until_it_is_decided_against(run, database, fill, made_up):
    fill([made_up(0, embedding=ANNA)], camera="gate")
    fill([made_up(0, embedding=0.8 * ANNA + 0.6 * BEN)], camera="yard")
    cluster(database, 0.9)
    assert run("show", 1).stdout.splitlines()[-1].split() == ["2", "1", "0.800", "95%"]
    run("apart", 1, 2)
    assert "May be the same person" not in run("show", 1).stdout


def test_showing_one_that_does_not_exist(run, anna):
    with pytest.raises(QueryError, match=r"no identity has the number 99.*surveil identities list"):
        run("show", 99)
    assert run("show", "anna").exit_code == 2


def test_deciding_and_taking_it_back(run, anna):
    assert run("merge", 1, 2, "--by", "maria").stdout == "decision 1: maria merged 2 into 1\n"
    assert [one["sightings"] for one in json.loads(run("list", "--json").stdout)["identities"]] == [3]
    with pytest.raises(ConflictError, match="maria merged 2 into 1"):
        run("name", 2, "Ben")
    with pytest.raises(ConflictError, match="maria merged 2 into 1"):
        run("name", 1, "Anna", "--seen", 0)
    run("undo", 1, "--by", "otto")
    log = json.loads(run("history", "--json").stdout)["decisions"]
    assert [(entry["actor"], entry["summary"], entry["undone_by"]) for entry in log] == [
        ("otto", "undid decision 1", None),
        ("maria", "merged 2 into 1", 2),
    ]
    assert len(run("history").stdout.splitlines()) == 3


def test_every_decision_has_a_command(run, anna):
    identity = json.loads(run("list", "--json").stdout)["identities"][0]["identity"]
    run("name", identity, "Anna")
    run("note", identity, "limps")
    run("picture", identity, anna[1])
    shown = json.loads(run("show", identity, "--json").stdout)
    assert (shown["name"], shown["note"], shown["picture"], shown["decision"]) == ("Anna", "limps", anna[1], 3)
    run("apart", 1, 2)
    run("split", identity, anna[0])
    assert len(json.loads(run("list", "--json").stdout)["identities"]) == 3
    run("move", anna[0], identity)
    run("hide", identity)
    hidden = [one["identity"] for one in json.loads(run("list", "--json").stdout)["identities"]]
    assert identity not in hidden
    assert identity in [one["identity"] for one in json.loads(run("list", "--all", "--json").stdout)["identities"]]
    run("hide", identity, "--show")
    assert json.loads(run("show", identity, "--json").stdout)["hidden"] is False


def test_what_changed_and_going_back(run, anna, database):
    run("merge", 1, 2)
    [one, other] = json.loads(run("diff", "--json").stdout)["changes"]
    assert (one["after"], other["after"]) in ((3, 0), (0, 3))
    cluster(database, 1)
    assert "Nothing" not in run("diff").stdout
    assert "this is run 3" in run("rollback", 1).stdout
    assert [one["sightings"] for one in json.loads(run("list", "--json").stdout)["identities"]] == [3]
    assert [one["clustering"] for one in json.loads(run("runs", "--json").stdout)["runs"]] == [3, 2, 1]
    assert len(run("runs").stdout.splitlines()) == 4
    with pytest.raises(QueryError, match="no clustering has the number 99"):
        run("rollback", 99)
