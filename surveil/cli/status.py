"""surveil status: show the footage in the database and its state."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from surveil.cli.archive import open_archive
from surveil.cli.output import echo, json_option, write_json, write_table
from surveil.formatting import percent

if TYPE_CHECKING:
    from surveil.app import FootageStatus

FRAMES = ("decoded", "processed", "gated", "sampled_out", "unreadable")


@click.command()
@json_option
@click.pass_context
def command(ctx: click.Context, output: str) -> None:
    r"""Show the footage in the database: its state, what became of its frames, how many people were seen.

    Works while footage is being ingested; its progress is shown then.

    Exit codes: 0 done, also when footage has failed; 1 there is no database.

    \b
    Example:
        surveil status
        surveil status --json
    """
    from surveil.app.wording import warnings_in_words

    with open_archive(ctx) as archive:
        status = archive.status()
    if output == "json":
        write_json(status)
        return
    columns = ("footage", "camera", "starts (UTC)", "state", *(name.replace("_", " ") for name in FRAMES), "people")
    write_table(columns, [_row(piece) for piece in status.footage], right=columns[4:])
    for piece in status.footage:
        for line in (*warnings_in_words(piece.warnings), *([piece.error] if piece.error else [])):
            echo(f"{piece.path}: {line}" if piece.path not in line else line)


def _row(piece: FootageStatus) -> list[str]:
    state = f"{piece.state} {percent(piece.progress)}" if piece.state == "working" else piece.state
    state += ", stale" if piece.stale else ""
    counts = [str(getattr(piece.frames, name)) for name in FRAMES]
    starts = f"{piece.started_at:%Y-%m-%d %H:%M:%S}"
    return [Path(piece.path).name, piece.camera, starts, state, *counts, str(piece.sightings)]
