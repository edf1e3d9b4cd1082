"""How commands print what they found: a table for people, JSON or CSV for programs."""

from __future__ import annotations

import dataclasses
import json
import logging
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

import click

from surveil.formatting import UNPRINTABLE, printable
from surveil.spreadsheet import csv_text

Output = Literal["table", "json", "csv"]
Command = TypeVar("Command", bound=Callable[..., Any])


def output_options(command: Command) -> Command:
    """Give a command --json and --csv; it receives the choice as the argument `output` (see `Output`)."""
    for decorator in (
        click.option("--csv", "output", flag_value="csv", help="Print comma-separated values."),
        click.option(
            "--json", "output", flag_value="json", type=str, default="table", help="Print JSON.", show_default=False
        ),
    ):
        command = decorator(command)
    return command


def echo(text: str, *, err: bool = False) -> None:
    """Print a line of text; see `printable`."""
    click.echo(printable(text), err=err)


def print_log_safely() -> None:
    """Print what the log says, where it goes to standard error by itself, as `printable` text."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(_PrintableFormatter())


class _PrintableFormatter(logging.Formatter):
    """Messages, and the errors that come with them, line by line."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        return printable(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return "\n".join(printable(line) for line in super().formatException(ei).splitlines())


def write_json(value: Any) -> None:
    """Print a result, or plain values, as JSON; times in ISO 8601, paths as text, dataclasses as objects."""
    plain = value.model_dump(mode="json") if hasattr(value, "model_dump") else value
    text = json.dumps(plain, indent=2, ensure_ascii=False, default=_plain)
    click.echo(UNPRINTABLE.sub(lambda found: "\n" if found[0] == "\n" else json.dumps(found[0])[1:-1], text))


def write_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Print rows as CSV; see `surveil.spreadsheet`."""
    click.echo(csv_text(rows, columns), nl=False)


def write_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()) -> None:
    """Print a table: ruled on a terminal, aligned plain columns elsewhere, so that lines are never wrapped.

    Args:
        columns: Headings.
        rows: One text per column.
        right: Headings of the columns whose values are numbers.
    """
    if sys.stdout.isatty():
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD)
        for name in columns:
            table.add_column(name, justify="right" if name in right else "left")
        for row in rows:
            table.add_row(*(Text(printable(cell)) for cell in row))
        Console().print(table)
        return
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(line[i]) for line in [columns, *rows]) for i in range(len(columns))]
    for line in [columns, *rows]:
        cells = (
            cell.rjust(width) if name in right else cell.ljust(width)
            for name, cell, width in zip(columns, line, widths, strict=True)
        )
        click.echo("  ".join(cells).rstrip())


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
