"""How `surveil identities show` prints an identity: its timeline, its sightings, its companions, suggested merges."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from surveil.cli.matches import print_table
from surveil.cli.output import echo, write_table
from surveil.formatting import match_percent, printable

if TYPE_CHECKING:
    from surveil.app import IdentityDetail

PLAIN_WIDTH = 60
"""Characters of a lane where the output is no terminal."""
COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red")


def print_identity(shown: IdentityDetail) -> None:
    """Print everything known of an identity."""
    from surveil.app.wording import about

    echo(f"Identity {shown.identity}" + (f": {shown.name}" if shown.name else ""))
    for line in about(shown):
        echo(line)
    _print_timeline(shown)
    if shown.sightings:
        echo("")
        print_table(shown.sightings)
    if shown.companions:
        echo("")
        echo("Seen within seconds of it, more often than by chance:")
        rows = [
            [str(one.identity), one.name or "", f"{one.together} of {one.visits} visits", f"{one.expected:.1f}"]
            for one in shown.companions
        ]
        write_table(("identity", "name", "together", "by chance"), rows, right=("identity", "by chance"))
    if shown.suggestions:
        echo("")
        echo("May be the same person:")
        merges = [
            [
                str(one.identity),
                one.name or "",
                str(one.sightings),
                f"{one.similarity:.3f}",
                match_percent(one.probability),
            ]
            for one in shown.suggestions
        ]
        numbers = ("identity", "sightings", "similarity", "probability")
        write_table(("identity", "name", "sightings", "similarity", "probability"), merges, right=numbers)


def _print_timeline(shown: IdentityDetail) -> None:
    """A lane for each camera, as wide as the terminal; in colours on one."""
    from surveil.app.time_scale import Scale
    from surveil.app.timeline import timeline_bars

    if not shown.timeline:
        return
    echo("")
    echo(str(Scale.of(shown.timeline)))
    names = max(len(printable(camera.camera)) for camera in shown.timeline)
    if not sys.stdout.isatty():
        for name, lane in timeline_bars(shown.timeline, PLAIN_WIDTH):
            echo(f"{printable(name).ljust(names)}  {lane}")
        return
    from rich.console import Console
    from rich.text import Text

    console = Console()
    for i, (name, lane) in enumerate(timeline_bars(shown.timeline, max(10, console.width - names - 3))):
        line = Text(f"{printable(name).ljust(names)}  ")
        line.append(lane, COLOURS[i % len(COLOURS)])
        console.print(line)
