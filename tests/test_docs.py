"""The documents say what the program does."""

from pathlib import Path

import pytest

from surveil.cli import COMMANDS
from tools.command_reference import PAGE, reference
from tools.schemas import FOLDER, schemas

ROOT = Path(__file__).parents[1]


def test_the_command_reference_is_made_from_the_help_texts():
    assert PAGE.read_text() == reference(), "run `make docs`"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_readme_names_every_command(name):
    assert f"surveil {name}" in (ROOT / "README.md").read_text()


def test_the_schemas_are_made_from_the_requests_and_results():
    assert {path.name: path.read_text() for path in FOLDER.glob("*.json")} == schemas(), "run `make docs`"
