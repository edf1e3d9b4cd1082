"""How commands print what was deleted, or would be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from surveil.cli.output import echo

if TYPE_CHECKING:
    from surveil.app.results import Removal


def print_removal(removal: Removal) -> None:
    """A few lines about it."""
    begins = "Would delete" if removal.rehearsed else "Deleted"
    echo(f"{begins}: {removal.sightings} sightings, {removal.pictures} pictures, {removal.identities} identities")
    for reason, count in removal.held.items():
        echo(f"Held back by {reason}: {count} sightings")
    if not removal.traces_erased:
        echo("Others were using the database all the time: traces may be left in its files. Run this again later.")
