import importlib
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from surveil.cli import COMMANDS, surveil


def test_help_imports_nothing_heavy():
    call = "surveil(['--help'], standalone_mode=False)"
    code = f"import sys; from surveil.cli import surveil; {call}; print(sorted(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = result.stdout.splitlines()[-1]
    for module in ("torch", "numpy", "ultralytics", "sqlalchemy", "pydantic", "cv2"):
        assert f"'{module}'" not in loaded


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself_with_an_example(name):
    result = CliRunner().invoke(surveil, [name, "--help"])
    assert result.exit_code == 0, result.output
    command = importlib.import_module(f"surveil.cli.{name}").command
    for leaf in command.commands.values() if isinstance(command, click.Group) else [command]:
        assert "surveil" in (leaf.help or ""), f"{name} {leaf.name}: no example in its help"
        shown = CliRunner().invoke(leaf, ["--help"], help_option_names=["-h", "--help"]).output.splitlines()
        assert any(line in ("  Example:", "  Examples:") for line in shown), (
            f"{name} {leaf.name}: the example is not on lines of its own"
        )
        assert "\\b" not in "".join(shown), f"{name} {leaf.name}: shows a control character"


def test_an_unknown_command_is_a_wrong_call():
    result = CliRunner().invoke(surveil, ["find"])
    assert result.exit_code == 2
    assert "No such command" in result.output
