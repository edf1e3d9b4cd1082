"""surveil case, surveil evidence."""

import json
import zipfile

import pytest
from click.testing import CliRunner

from surveil.cli import surveil
from surveil.errors import StoreError, SurveilError
from surveil.evidence.manifest import file_sha256
from surveil.store.tables import Footage

CASE = "theft of 14 September"


@pytest.fixture
def run(database, media, monkeypatch, fill, made_up, tmp_path):
    """Run a command on a database with a sighting at gate and one at yard, whose footage is not there."""
    monkeypatch.setenv("SURVEIL_MEDIA", str(media.folder))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for camera in ("gate", "yard"):
        fill([made_up(5, 9)], camera=camera)
    return lambda *arguments: CliRunner().invoke(surveil, ["--database", database.url, *arguments])


def test_a_case_is_kept_and_keeps_its_footage(run):
    assert run("case", "new", CASE).exit_code == 0
    added = run("case", "add", CASE, "sighting:1", "footage:2:1.5-3", "--note", "here")
    assert [line.split(":")[0] for line in added.stdout.splitlines()] == ["item 1", "item 2"]
    assert run("case", "add", CASE, "sighting:x").exit_code == 2
    shown = json.loads(run("case", "show", CASE, "--json").stdout)
    assert [(entry["sighting"], entry["begin"], entry["end"]) for entry in shown["entries"]] == [
        (1, 3, 11),
        (None, 1.5, 3),
    ]
    assert isinstance(run("footage", "forget", "1").exception, StoreError)
    assert run("case", "remove", CASE, "1").exit_code == 0
    assert run("footage", "forget", "1").exit_code == 0
    assert run("case", "close", CASE).exit_code == 0
    assert run("case", "list", "--csv").stdout.splitlines()[1].startswith(f"{CASE},1,")
    assert run("case", "show", CASE).stdout.splitlines()[1].split()[:4] == ["2", "yard", "1.5", "3.0"]
    actions = [record["action"] for record in json.loads(run("audit", "list", "--json").stdout)["records"]]
    assert set(actions) == {"case", "delete"}


def test_a_case_without_its_originals_is_not_exported_and_the_try_is_on_record(run, tmp_path):
    run("case", "new", CASE)
    run("case", "add", CASE, "sighting:1")
    result = run("evidence", "export", CASE, str(tmp_path / "out.zip"), "--reason", "request 7")
    assert "the original cannot be read" in str(result.exception)
    failed, tried, *_ = json.loads(run("audit", "list", "--json").stdout)["records"]
    assert failed["what"] == {"failed": tried["number"], "error": "StoreError"}
    assert (tried["action"], tried["reason"]) == ("export", "request 7")


def test_a_package_is_verified_without_a_database(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as package:
        package.writestr("report.html", "hello")
    result = CliRunner().invoke(surveil, ["evidence", "verify", str(tmp_path / "x.zip")])
    assert result.exit_code == 1
    assert "manifest.json: missing" in result.stdout
    assert "NOT what was signed" in result.stdout
    keys = {CliRunner().invoke(surveil, ["evidence", "key"]).stdout for _ in range(2)}
    assert len(keys) == 1
    assert not (tmp_path / "data" / "surveil" / "surveil.db").exists()


def test_what_was_exported_is_verified_with_the_key_of_its_maker(run, database, tmp_path, sample_data):
    [clip] = (sample_data / "footage").glob("gate_*.mp4")
    with database.session() as session:
        footage = session.get(Footage, 1)
        footage.path, footage.content_hash = str(clip), file_sha256(clip)
    run("case", "new", CASE)
    run("case", "add", CASE, "footage:1:1-2")
    package = tmp_path / "theft.zip"
    made = json.loads(run("evidence", "export", CASE, str(package), "--json").stdout)
    assert (made["exhibits"], made["blurred"]) == (1, False)
    whole = run("evidence", "verify", str(package), "--key", made["key_fingerprint"])
    assert whole.exit_code == 0, whole.output
    assert f"whole; case {CASE!r}" in whole.stdout
    assert "(the key you gave)" in whole.stdout
    assert "(compare with what its maker tells you)" in run("evidence", "verify", str(package)).stdout
    other = run("evidence", "verify", str(package), "--key", "0" * 64, "--csv")
    assert other.exit_code == 1
    assert other.stdout.splitlines()[0] == "problem"
    package.write_bytes(package.read_bytes()[:-100])
    assert isinstance(run("evidence", "verify", str(package)).exception, SurveilError)
