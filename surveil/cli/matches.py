"""How matches are shown: as JSON, CSV, a table or a contact sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from surveil.attributes import ATTRIBUTES
from surveil.cli.output import write_csv, write_table

if TYPE_CHECKING:
    from surveil.attributes import Value
    from surveil.search.rank import Match
    from surveil.search.sheet import Cell
    from surveil.store.media import MediaFolder


def as_json(match: Match, media: MediaFolder) -> dict[str, Any]:
    """The object that the JSON of `surveil search` holds for a match."""
    return {
        "sighting": match.sighting,
        "footage": match.footage,
        "camera": match.camera,
        "first_seen": match.first_seen,
        "last_seen": match.last_seen,
        "box": match.box,
        "similarity": match.similarity,
        "probability": match.probability,
        "attributes": {
            name: {"value": value.label, "probability": value.probability} for name, value in match.attributes.items()
        },
        "identity": match.identity,
        "name": match.name,
        "crop": media.path(match.crop) if match.crop else None,
    }


def print_csv(matches: Sequence[Match], media: MediaFolder) -> None:
    """One line per match; the columns are the names of the JSON, nested ones with dots."""
    first = ("sighting", "footage", "camera", "first_seen", "last_seen", "box", "similarity", "probability")
    attributes = (
        f"attributes.{attribute.name}.{part}" for attribute in ATTRIBUTES for part in ("value", "probability")
    )
    write_csv((as_json(match, media) for match in matches), [*first, *attributes, "identity", "name", "crop"])


def print_table(matches: Sequence[Match]) -> None:
    """One line per match, with the time on the camera's own clock and in UTC."""
    columns = [
        "",
        "sighting",
        "camera",
        "first seen",
        "UTC",
        "for",
        "similarity",
        "probability",
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
            "" if match.probability is None else f"{match.probability:.0%}",
            summary(match.attributes),
            match.name or ("" if match.identity is None else str(match.identity)),
        ]
        for number, match in enumerate(matches, 1)
    ]
    used = [i for i in range(len(columns)) if any(row[i] for row in rows)]
    numbers = ("", "sighting", "for", "similarity", "probability")
    write_table([columns[i] for i in used], [[row[i] for i in used] for row in rows], right=numbers)


def cells(matches: Sequence[Match], media: MediaFolder) -> list[Cell]:
    """The matches for a contact sheet."""
    from surveil.errors import StoreError
    from surveil.search.sheet import Cell, picture_of

    drawn = []
    for number, match in enumerate(matches, 1):
        try:
            picture = picture_of(media.read(match.crop)) if match.crop else None
        except StoreError:
            picture = None  # the sheet says so in its place
        lines = (f"{number}  {match.camera}", local_time(match.first_seen, match.zone), _scores(match))
        drawn.append(Cell(picture, tuple(line for line in lines if line)))
    return drawn


def local_time(moment: datetime, zone: str) -> str:
    """A UTC time on the clock of a zone, such as "2026-09-14 08:03:12 CEST"."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S %Z}"


def summary(attributes: Mapping[str, Value]) -> str:
    """The likeliest values in a few words, such as "female adult, red top, blue pants, backpack"."""
    label = {name: value.label for name, value in attributes.items()}
    carried = [name for name in ("backpack", "bag", "handbag", "hat") if label[name] == "yes"]
    parts = [
        f"{label['gender']} {label['age']}",
        f"{label['upper_colour']} top",
        f"{label['lower_colour']} {label['lower_type']}",
        *carried,
    ]
    return ", ".join(parts)


def _scores(match: Match) -> str:
    similarity = None if match.similarity is None else f"similarity {match.similarity:.2f}"
    probability = None if match.probability is None else f"{match.probability:.0%}"
    if similarity and probability:
        return f"{similarity} · {probability}"
    return similarity or (f"probability {probability}" if probability else "")
