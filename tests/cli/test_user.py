"""surveil user, surveil token, surveil audit."""

import json

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner

from surveil.cli import surveil
from surveil.errors import SurveilError

PASSWORD = "correct horse battery"


@pytest.fixture
def run(database_url, monkeypatch):
    monkeypatch.setattr("surveil.accounts.secrets._HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    url = database_url
    return lambda *arguments, typed=None: CliRunner().invoke(surveil, ["--database", url, *arguments], input=typed)


@pytest.fixture
def maria(run):
    assert run("user", "add", "root", "admin", typed=f"{PASSWORD}\n").exit_code == 0
    assert run("user", "add", "maria", "viewer", typed=f"{PASSWORD}\n").exit_code == 0


def test_accounts_are_kept(run, maria):
    assert run("user", "role", "maria", "supervisor").exit_code == 0
    assert run("user", "password", "maria", typed="another horse battery\n").exit_code == 0
    assert run("user", "disable", "maria").exit_code == 0
    [maria, root] = json.loads(run("user", "list", "--json").stdout)["users"]
    assert (maria["name"], maria["role"], maria["cameras"]) == ("maria", "supervisor", None)
    assert maria["disabled_at"] is not None
    assert root["disabled_at"] is None
    assert run("user", "disable", "maria", "--undo").exit_code == 0
    assert run("user", "list").stdout.splitlines()[1].split() == ["maria", "supervisor", "all"]


def test_no_password_is_an_argument_or_empty(run):
    assert run("user", "add", "maria", "viewer", PASSWORD).exit_code == 2
    assert run("user", "add", "maria", "viewer", typed="").exit_code == 2
    assert run("user", "cameras", "maria").exit_code == 2
    assert "a password has" in str(run("user", "add", "maria", "viewer", typed="short\n").exception)


def test_tokens_are_made_listed_and_revoked(run, maria):
    made = json.loads(run("token", "create", "maria", "report", "--scope", "search", "--json").stdout)
    assert made["secret"].startswith("surveil_")
    assert made["secret"] not in run("token", "list").stdout
    assert run("token", "list").stdout.splitlines()[1].split()[:4] == ["1", "maria", "report", "search"]
    assert run("token", "revoke", "1").exit_code == 0
    assert json.loads(run("token", "list", "--json").stdout)["tokens"][0]["revoked_at"] is not None


def test_what_was_done_is_listed_and_verified(run, maria, tmp_path):
    records = json.loads(run("audit", "list", "--json").stdout)["records"]
    assert [record["what"] for record in records][-1] == {"add": "root", "role": "admin", "cameras": None}
    assert PASSWORD not in run("audit", "list").stdout
    whole = run("audit", "verify")
    assert whole.exit_code == 0
    assert "whole: 2 records" in whole.stdout
    head = whole.stdout.splitlines()[-1].removeprefix("Head: ")
    assert run("audit", "verify", "--head", head).exit_code == 0
    broken = run("audit", "verify", "--head", f"2:{'0' * 64}", "--json")
    assert broken.exit_code == 1
    assert json.loads(broken.stdout)["breaks"][0]["number"] == 2


def test_cameras_are_granted_to_accounts_and_roles(run, maria, tmp_path):
    for camera in ("gate", "hall"):
        assert run("camera", "set", camera, "--new", "--zone", "UTC").exit_code == 0
    assert run("user", "cameras", "maria", "hall", "gate").stdout == "maria: hall, gate\n"
    assert run("user", "cameras", "viewer", "gate", "--role").stdout == "viewer: gate\n"
    listed = json.loads(run("user", "list", "--json").stdout)
    assert [user["cameras"] for user in listed["users"]] == [["gate", "hall"], None]
    assert listed["role_cameras"] == {"viewer": ["gate"]}
    assert run("user", "list").stdout.splitlines()[-1] == "Role viewer: gate"
    assert run("user", "cameras", "viewer", "--role", "--all").exit_code == 0
    assert run("user", "cameras", "maria", "--all").stdout == "maria: all\n"
    listed = json.loads(run("user", "list", "--json").stdout)
    assert (listed["users"][0]["cameras"], listed["role_cameras"]) == (None, {})
    for wrong in (("maria", "moon"), ("nobody", "gate"), ("king", "gate", "--role")):
        assert isinstance(run("user", "cameras", *wrong).exception, SurveilError)
    assert run("user", "cameras", "maria", "gate", "--all").exit_code == 2
    done = [record["what"] for record in json.loads(run("audit", "list", "--json").stdout)["records"]]
    assert {"account": "maria", "cameras": ["hall", "gate"]} in done
