"""Tables for spreadsheets: CSV in which nothing runs, whatever names of files and cameras say."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from surveil.formatting import printable

_FORMULA = re.compile(r"(^|;)([\s\"]*[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""How the cell of a spreadsheet begins when it is a formula, also where spaces and quotes are left off, signs of full
width are taken for the usual ones, and a semicolon begins another cell (wherever the comma is the decimal sign)."""


def csv_text(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Rows as CSV with a header line; nested objects become columns such as `attributes.age.value`.

    A text that a spreadsheet would run as a formula gets an apostrophe before it; so does a part of it that would be
    one where semicolons separate cells.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in flatten(row).items()} for row in rows)
    return text.getvalue()


def flatten(row: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested objects as one, with dotted names; objects of a list are numbered from 0."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{name}.")
        elif isinstance(value, (list, tuple)) and value and isinstance(value[0], Mapping):
            flat |= flatten({str(i): part for i, part in enumerate(value)}, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _cell(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return " ".join(str(_cell(part)) for part in value)
    if isinstance(value, datetime):
        value = value.isoformat()
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, str):
        return printable(_FORMULA.sub(r"\1'\2", value))
    return value
