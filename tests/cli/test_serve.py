"""surveil serve: what it refuses before it serves."""

import pytest
from click.testing import CliRunner

from surveil.cli import surveil


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
