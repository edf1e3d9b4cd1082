"""`make docs`: docs/commands.md from the help texts, so that the two never differ."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import click

from surveil.cli import COMMANDS, surveil

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"


def reference() -> str:
    """The page as it should be."""
    parts = ["# Commands", "Made from the help texts by `make docs`.", _section("surveil", surveil)]
    for name in COMMANDS:
        command = importlib.import_module(f"surveil.cli.{name}").command
        parts += [_section(path, leaf) for path, leaf in _walk(f"surveil {name}", command)]
    return "\n\n".join(parts) + "\n"


def _walk(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, child in sorted(command.commands.items()):
            yield from _walk(f"{path} {name}", child)


def _section(path: str, command: click.Command) -> str:
    context = click.Context(
        command, info_name=path, terminal_width=100, max_content_width=100, help_option_names=["-h", "--help"]
    )
    return f"## {path}\n\n```\n{command.get_help(context)}\n```"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(reference())
