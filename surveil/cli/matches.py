"""How matches are printed: as a table or CSV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from surveil.cli.output import write_csv, write_table
from surveil.formatting import match_percent

if TYPE_CHECKING:
    from surveil.app import Match


def print_csv(matches: Sequence[Match]) -> None:
    """One line per match; the columns are the names of the JSON, nested ones with dots."""
    from surveil.app.wording import MATCH_COLUMNS

    write_csv((match.model_dump(mode="json") for match in matches), MATCH_COLUMNS)


def print_table(matches: Sequence[Match]) -> None:
    """One line per match, with the time on the camera's own clock and in UTC."""
    from surveil.app.wording import local_time, looks

    columns = [
        "",
        "sighting",
        "camera",
        "first seen",
        "UTC",
        "for",
        "similarity",
        "probability",
        "among all",
        "looks like",
        "identity",
    ]
    rows = [
        [
            str(number),
            str(match.sighting),
            match.camera,
            local_time(match.first_seen, match.zone),
            f"{match.first_seen:%H:%M:%S}",
            f"{(match.last_seen - match.first_seen).total_seconds():.0f} s",
            "" if match.similarity is None else f"{match.similarity:.3f}",
            match_percent(match.probability),
            match_percent(match.gallery_probability),
            looks(match.attributes),
            match.name or ("" if match.identity is None else str(match.identity)),
        ]
        for number, match in enumerate(matches, 1)
    ]
    used = [i for i in range(len(columns)) if any(row[i] for row in rows)]
    numbers = ("", "sighting", "for", "similarity", "probability", "among all")
    write_table([columns[i] for i in used], [[row[i] for i in used] for row in rows], right=numbers)
