"""surveil footage: list, forget, redo and correct footage."""

from __future__ import annotations

from datetime import datetime

import click

from surveil.cli.archive import open_archive
from surveil.cli.output import echo, output_options, write_json, write_table
from surveil.cli.parameters import TIME
from surveil.cli.status import print_csv


@click.group()
def command() -> None:
    """List, forget, redo and correct footage.

    FOOTAGE is a number from `surveil footage list`, or a whole path.
    """


@command.command(name="list")
@output_options
@click.pass_context
def list_command(ctx: click.Context, output: str) -> None:
    """List the footage with its number.

    \b
    Example:
        surveil footage list --json
    """
    with open_archive(ctx) as archive:
        status = archive.status()
    if output == "json":
        write_json(status)
        return
    if output == "csv":
        print_csv(status)
        return
    rows = [
        [
            str(piece.footage),
            piece.camera,
            f"{piece.started_at:%Y-%m-%d %H:%M:%S}",
            piece.state,
            str(piece.sightings),
            piece.path,
        ]
        for piece in status.footage
    ]
    write_table(("number", "camera", "starts (UTC)", "state", "people", "path"), rows, right=("number", "people"))


@command.command(name="forget")
@click.argument("footage", nargs=-1, required=True)
@click.pass_context
def forget_command(ctx: click.Context, footage: tuple[str, ...]) -> None:
    """Delete what is stored of FOOTAGE: everybody seen in it, and their pictures. The files themselves stay.

    Ingesting the files again would store them again.

    \b
    Example:
        surveil footage forget 12 13
    """
    with open_archive(ctx) as archive:
        for which in footage:
            with archive.acting(None, "delete", {"footage": 1}):
                for path in archive.forget_footage(which):
                    echo(f"forgotten: {path}")


@command.command(name="again")
@click.argument("footage", nargs=-1, required=True)
@click.pass_context
def again_command(ctx: click.Context, footage: tuple[str, ...]) -> None:
    """Let FOOTAGE be done again by the next ingest of its folder; what is stored of it stays until then.

    \b
    Example:
        surveil footage again 12
        surveil ingest /recordings
    """
    with open_archive(ctx) as archive:
        for which in footage:
            for path in archive.redo_footage(which):
                echo(f"waits: {path}")


@command.command(name="set")
@click.argument("footage")
@click.option("--camera", metavar="NAME", help="The camera that recorded it.")
@click.option("--start", metavar="TIME", type=TIME, help="When it starts: 2026-09-14T08:30, by the camera's clock.")
@click.pass_context
def set_command(ctx: click.Context, footage: str, camera: str | None, start: datetime | None) -> None:
    """Correct which camera recorded FOOTAGE, or when it starts; the times of who was seen move along.

    \b
    Example:
        surveil footage set 12 --camera gate --start 2026-09-14T08:30
    """
    if camera is None and start is None:
        raise click.UsageError("nothing to set: give --camera or --start")
    with open_archive(ctx) as archive:
        for path in archive.correct_footage(footage, camera=camera, start=start):
            echo(f"corrected: {path}")
