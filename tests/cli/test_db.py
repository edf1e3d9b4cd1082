import json
import os

import pytest
from click.testing import CliRunner

from surveil.cli import surveil
from surveil.errors import StoreError
from surveil.store.session import Database


@pytest.fixture
def run(database_url, media, monkeypatch):
    monkeypatch.setenv("SURVEIL_MEDIA", str(media.folder))
    return lambda *call: CliRunner().invoke(surveil, ["--database", database_url, *call])


def test_upgrade_makes_the_schema_once(new_database_url):
    upgrade = ["--database", new_database_url, "db", "upgrade"]
    assert "(empty) -> " in CliRunner().invoke(surveil, upgrade).output
    assert "already" in CliRunner().invoke(surveil, upgrade).output


def test_upgrade_says_that_the_model_in_use_does_not_come_with_this_version(run, fill, made_up, monkeypatch):
    fill([made_up()])
    said = run("db", "upgrade").output
    assert "which does not come with this version" in said
    assert "surveil model use" in said
    monkeypatch.setenv("SURVEIL_MODEL", "weights of our own")
    assert "does not come with" not in run("db", "upgrade").output


def test_check_of_a_whole_database_exits_with_0(run, fill, made_up):
    fill([made_up(), made_up()])
    result = run("db", "check")
    assert result.exit_code == 0, result.output
    assert "sighting 2" in result.output
    assert "Nothing is wrong." in result.output
    answer = json.loads(run("db", "check", "--json").output)
    assert answer["rows"]["sighting"] == 2
    assert (answer["problems"], answer["unreferenced_pictures"]) == ([], 0)


def test_check_says_what_is_wrong_and_exits_with_1(run, fill, made_up, media):
    fill([made_up(colour=(1, 2, 3))])
    [key] = media
    media.path(key).unlink()
    result = run("db", "check")
    assert result.exit_code == 1
    assert "pictures are missing" in result.output
    assert key in result.output
    result = run("db", "check", "--json")
    assert result.exit_code == 1
    [problem] = json.loads(result.output)["problems"]
    assert (problem["check"], problem["count"]) == ("crops", 1)


def test_repair_deletes_what_nothing_refers_to_and_keeps_the_rest(run, fill, made_up, media):
    fill([made_up()])
    [kept] = media
    orphan, half = media.path(media.put(b"an old picture")), media.path(kept).with_suffix(".jpg.1234.part")
    half.write_bytes(b"half a picture")
    for path in (orphan, half):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    assert "1 pictures" in run("db", "check").output
    result = run("db", "check", "--repair")
    assert result.exit_code == 0, result.output
    assert list(media) == [kept]
    assert not half.exists()


def test_check_reports_a_database_that_cannot_be_opened(tmp_path, monkeypatch):
    monkeypatch.delenv("SURVEIL_MEDIA", raising=False)
    result = CliRunner().invoke(surveil, ["--database", f"sqlite:///{tmp_path}/none.db", "db", "check", "--json"])
    assert result.exit_code == 1
    assert "no database here yet" in json.loads(result.output)["problems"][0]["what"]


def test_check_finds_a_damaged_file(tmp_path, monkeypatch):
    monkeypatch.delenv("SURVEIL_MEDIA", raising=False)
    path = tmp_path / "surveil.db"
    Database.open(f"sqlite:///{path}").close()
    content = bytearray(path.read_bytes())
    content[5 * 4096 : 12 * 4096] = b"\xff" * (7 * 4096)
    path.write_bytes(content)
    result = CliRunner().invoke(surveil, ["--database", f"sqlite:///{path}", "db", "check", "--json"])
    assert result.exit_code == 1
    assert "malformed" in result.output or "damaged" in result.output


def test_upgrade_refuses_what_is_not_supported():
    result = CliRunner().invoke(surveil, ["--database", "mysql://host/name", "db", "upgrade"])
    assert isinstance(result.exception, StoreError)
