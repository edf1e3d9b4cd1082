"""The house of the design: an import goes down, never up, and never sideways between the rooms of the third floor."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = (
    {"cli", "web"},
    {"app"},
    {"ingest", "search", "identities", "evaluation", "accounts", "audit", "evidence", "retention"},
    {"people", "model", "footage", "store"},
    {
        "attributes",
        "types",
        "settings",
        "errors",
        "device",
        "weights_file",
        "lettering",
        "palette",
        "patience",
        "boxes",
        "calibration",
        "files",
        "images",
        "formatting",
        "market1501_names",
        "offline",
        "timezones",
        "reranking",
        "webhook",
        "spreadsheet",
        "visits",
        "runtimes",
    },
)
NEIGHBOURS_APART = 3
DOORS = {"app", "attributes", "cli", "errors", "formatting", "settings", "spreadsheet", "timezones", "types"}
"""What the commands may import: they parse, call the application and print."""
MEASURES_A_MODEL = "cli/evaluate.py"
"""Needs no archive, so it calls the rooms below itself."""
FILES = sorted((ROOT / "surveil").rglob("*.py"))


def room(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "surveil" and len(parts) > 1 else None


def floor(name: str) -> int:
    return next(i for i, rooms in enumerate(FLOORS) if name in rooms)


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {
                f"{node.module}.{alias.name}" if node.module == "surveil" else node.module for alias in node.names
            }
    return found


def test_imports_go_down():
    for path in FILES:
        here = room(".".join(path.relative_to(ROOT).with_suffix("").parts))
        if here not in (None, "__init__"):
            check_imports(path, here)


def check_imports(path, here):
    for module in imports(path):
        assert module.split(".")[0] != "training", f"{path} imports {module}: surveil runs without training"
        there = room(module)
        if there is None or there == here or there == "__version__":
            continue
        assert floor(there) >= floor(here), f"{path} imports {module}, which is upstairs"
        if floor(there) == floor(here) == NEIGHBOURS_APART:
            pytest.fail(f"{path} imports its neighbour {module}")


def test_commands_only_parse_call_and_print():
    for path in (ROOT / "surveil" / "cli").glob("*.py"):
        for module in imports(path):
            assert module.split(".")[0] != "sqlalchemy", f"{path} asks the database itself"
            if not path.match(MEASURES_A_MODEL):
                doors = DOORS | {"web"} if path.name == "serve.py" else DOORS
                assert room(module) in {None, "open", "__version__", *doors}, f"{path} imports {module}"


WEB_DOORS = DOORS - {"cli"} | {"accounts", "web"}


def test_pages_only_ask_the_application():
    for path in (ROOT / "surveil" / "web").rglob("*.py"):
        for module in imports(path):
            assert module.split(".")[0] != "sqlalchemy", f"{path} asks the database itself"
            assert room(module) in {None, "__version__", *WEB_DOORS}, f"{path} imports {module}"


def test_training_imports_only_what_the_design_allows():
    allowed = {
        "model",
        "attributes",
        "evaluation",
        "types",
        "errors",
        "device",
        "weights_file",
        "calibration",
        "files",
        "images",
        "people",
        "footage",
        "identities",
        "boxes",
        "offline",
        "runtimes",
    }
    for path in (ROOT / "training").rglob("*.py"):
        for module in imports(path):
            assert room(module) is None or room(module) in allowed, f"{path} imports {module}"


def test_each_migration_stands_on_the_one_before():
    """Two that stand on one, each made beside the other, leave no database that can be opened."""
    files = sorted((ROOT / "migrations" / "versions").glob("[0-9]*.py"))
    told = [dict(re.findall(r'^(revision|down_revision) = "?(\w+)"?$', file.read_text(), re.M)) for file in files]
    assert [one["revision"] for one in told] == [file.stem.split("_")[0] for file in files]
    assert [one["down_revision"] for one in told] == ["None", *(one["revision"] for one in told[:-1])]
