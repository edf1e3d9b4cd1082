"""surveil status: show the footage in the database and its state."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from surveil.cli.archive import open_archive
from surveil.cli.output import echo, output_options, write_csv, write_json, write_table
from surveil.formatting import percent

if TYPE_CHECKING:
    from surveil.app import DaemonStatus, FootageStatus, Status

FRAMES = ("decoded", "processed", "gated", "sampled_out", "unreadable")


@click.command()
@output_options
@click.pass_context
def command(ctx: click.Context, output: str) -> None:
    """Show the footage in the database: its state, what became of its frames, how many people were seen.

    What was taken for footage and could not be opened is told below, with the reason.
    Works while footage is being ingested; its progress is shown then, and so are processes that watch folders
    (`surveil ingest --watch`) or have died while they did.

    Exit codes: 0 done, also when footage has failed; 1 there is no database.

    \b
    Example:
        surveil status
        surveil status --json
    """
    with open_archive(ctx) as archive:
        status = archive.status()
    if output == "json":
        write_json(status)
        return
    if output == "csv":
        print_csv(status)
        return
    from surveil.app.wording import warnings_in_words

    columns = ("footage", "camera", "starts (UTC)", "state", *(name.replace("_", " ") for name in FRAMES), "people")
    write_table(columns, [_row(piece) for piece in status.footage], right=columns[4:])
    for piece in status.footage:
        for line in (*warnings_in_words(piece.warnings), *([piece.error] if piece.error else [])):
            echo(f"{piece.path}: {line}" if piece.path not in line else line)
    for file in status.unopened:
        echo(f"{file.path}: not opened: {file.what}")
    for daemon in status.daemons:
        echo(_watch_line(daemon))


def _watch_line(daemon: DaemonStatus) -> str:
    from surveil.cli.ingest_watch import health_in_words

    who = f"{', '.join(daemon.folders)} (process {daemon.pid} on {daemon.host})"
    if not daemon.alive:
        return f"no longer watched: {who}, last heard of {daemon.seen_at:%Y-%m-%d %H:%M:%S} UTC; start it again"
    return f"watched: {who}: {health_in_words(daemon)}"


def print_csv(status: Status) -> None:
    """One line per piece of footage; the columns are the names of the JSON, nested ones with dots."""
    from surveil.app.wording import warnings_in_words

    first = (
        "footage",
        "path",
        "camera",
        "camera_from",
        "started_at",
        "started_from",
        "duration",
        "state",
        "stale",
        "progress",
    )
    frames = (f"frames.{name}" for name in FRAMES)
    rows = (
        piece.model_dump(mode="json") | {"warnings": "; ".join(warnings_in_words(piece.warnings))}
        for piece in status.footage
    )
    write_csv(rows, [*first, *frames, "sightings", "warnings", "error"])


def _row(piece: FootageStatus) -> list[str]:
    state = f"{piece.state} {percent(piece.progress)}" if piece.state == "working" else piece.state
    state += ", stale" if piece.stale else ""
    counts = [str(getattr(piece.frames, name)) for name in FRAMES]
    starts = f"{piece.started_at:%Y-%m-%d %H:%M:%S}"
    return [Path(piece.path).name, piece.camera, starts, state, *counts, str(piece.sightings)]
