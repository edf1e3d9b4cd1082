"""surveil status: show the footage in the database and its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from surveil.cli.output import json_option, write_json, write_table

if TYPE_CHECKING:
    from surveil.store.session import Database

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
    from surveil.footage.warnings import warnings_in_words
    from surveil.settings import load_settings
    from surveil.store.session import Database
    from surveil.types import FootageWarning

    settings = load_settings(database=ctx.obj["database"])
    with Database.open(settings.database, create=False) as database:
        footage = _footage(database)
    if output == "json":
        write_json({"footage": footage})
        return
    columns = ("footage", "camera", "starts (UTC)", "state", *(name.replace("_", " ") for name in FRAMES), "people")
    write_table(columns, [_row(piece) for piece in footage], right=columns[4:])
    for piece in footage:
        said = warnings_in_words([FootageWarning(**warning) for warning in piece["warnings"]])
        for line in (*said, *([piece["error"]] if piece["error"] else [])):
            click.echo(f"{piece['path']}: {line}" if piece["path"] not in line else line)


def _footage(database: Database) -> list[dict[str, Any]]:
    """One object per footage, by camera and start."""
    from sqlalchemy import func, select

    from surveil.store.tables import Camera, Footage, SightingRow

    people = select(func.count()).where(SightingRow.footage_id == Footage.id).scalar_subquery()
    statement = select(Footage, Camera.name, people).join(Camera).order_by(Camera.name, Footage.started_at, Footage.id)
    with database.session() as session:
        return [
            {
                "path": row.path,
                "camera": camera,
                "camera_from": row.camera_from,
                "started_at": row.started_at,
                "started_from": row.started_from,
                "duration": row.duration,
                "state": row.state,
                "progress": row.progress,
                "frames": {name: row.frames.get(name, 0) for name in FRAMES},
                "sightings": sightings,
                "warnings": row.warnings,
                "error": row.error,
            }
            for row, camera, sightings in session.execute(statement)
        ]


def _row(piece: dict[str, Any]) -> list[str]:
    from pathlib import Path

    state = f"{piece['state']} {piece['progress']:.0%}" if piece["state"] == "working" else piece["state"]
    starts = f"{piece['started_at']:%Y-%m-%d %H:%M:%S}"
    counts = [str(piece["frames"][name]) for name in FRAMES]
    return [Path(piece["path"]).name, piece["camera"], starts, state, *counts, str(piece["sightings"])]
