"""surveil serve: what it refuses before it serves. The desk itself is tested in tests/web."""

import socket
import sys

import pytest
from click.testing import CliRunner

from surveil.cli import surveil
from surveil.errors import SurveilError


@pytest.fixture
def serve(tmp_path):
    return lambda *arguments: CliRunner().invoke(
        surveil, ["--database", f"sqlite:///{tmp_path}/s.db", "serve", *arguments]
    )


@pytest.mark.parametrize("alone", ["--certificate", "--key"])
def test_a_certificate_and_its_key_need_each_other(serve, tmp_path, alone):
    result = serve(alone, "desk.pem")
    assert result.exit_code == 2
    assert "--certificate and --key need each other" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_certificate_is_refused_before_anything_is_loaded(serve, tmp_path):
    files = [tmp_path / "desk.pem", tmp_path / "desk.key"]
    for file in files:
        file.write_text("-----BEGIN NOTHING-----\n")
    result = serve("--certificate", str(files[0]), "--key", str(files[1]))
    assert isinstance(result.exception, SurveilError)
    assert f"{files[0]}: no certificate with the key in {files[1]}" in str(result.exception)
    assert "Loading" not in result.output


def test_a_footage_folder_that_is_a_file_is_a_wrong_call(serve, tmp_path):
    (tmp_path / "film.mp4").touch()
    assert serve("--footage", str(tmp_path / "film.mp4")).exit_code == 2


def test_without_the_extra_it_says_what_to_install(serve, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("surveil.web")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    result = serve()
    assert isinstance(result.exception, SurveilError)
    assert 'uvicorn is missing. Run: pip install "surveil[web]"' in str(result.exception)


def test_a_port_that_is_taken_is_named(serve):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = serve("--port", str(port))
    assert isinstance(result.exception, SurveilError)
    assert f"127.0.0.1:{port}: cannot listen" in str(result.exception)


def test_others_reach_no_desk_without_accounts(serve):
    result = serve("--host", "0.0.0.0", "--port", "0")
    assert isinstance(result.exception, SurveilError)
    assert "there is no account yet" in str(result.exception)
    assert "surveil user add" in str(result.exception)


@pytest.mark.parametrize("content", ["", "short", "x" * 40 + "\nand more", "é" * 40])
def test_a_secret_that_can_be_guessed_or_is_none_is_refused(tmp_path, content):
    file = tmp_path / "secret"
    file.write_text(content)
    call = [
        "--database",
        f"sqlite:///{tmp_path}/s.db",
        "serve",
        "--proxy-header",
        "X-User",
        "--proxy-secret",
        str(file),
    ]
    told = CliRunner().invoke(surveil, [*call, "--proxy-secret", str(file)])
    assert told.exit_code == 1
    assert "openssl rand -hex 32" in str(told.exception)


def test_a_secret_is_for_a_proxys_header(tmp_path):
    told = CliRunner().invoke(surveil, ["serve", "--proxy-secret", str(tmp_path / "secret")])
    assert told.exit_code == 2
