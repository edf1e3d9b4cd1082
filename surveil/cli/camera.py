"""surveil camera: list cameras; set their zone and clock offset."""

from __future__ import annotations

import click

from surveil.cli.archive import open_archive
from surveil.cli.output import echo, output_options, write_csv, write_json, write_table

SETTINGS = ("camera", "zone", "clock_offset", "keep_days")


@click.group()
def command() -> None:
    """List cameras; set their zone and clock offset."""


@command.command(name="list")
@output_options
@click.pass_context
def list_command(ctx: click.Context, output: str) -> None:
    """List the cameras with their zone, their clock's offset and what they have seen.

    \b
    Example:
        surveil camera list --json
    """
    with open_archive(ctx) as archive:
        result = archive.cameras()
    if output == "json":
        write_json(result)
        return
    columns = (*SETTINGS, "footage", "sightings")
    if output == "csv":
        write_csv((camera.model_dump(mode="json") for camera in result.cameras), columns)
        return
    rows = [
        [
            camera.camera,
            camera.zone,
            str(camera.clock_offset),
            "" if camera.keep_days is None else f"{camera.keep_days:g}",
            str(camera.footage),
            str(camera.sightings),
        ]
        for camera in result.cameras
    ]
    write_table(("camera", "zone", "clock offset (s)", "keep days", "footage", "sightings"), rows, right=columns[4:])


@command.command(name="set")
@click.argument("name")
@click.option("--zone", metavar="ZONE", help="Time zone the camera stands in, such as Europe/Rome.")
@click.option("--clock-offset", type=float, metavar="SECONDS", help="What to add to the times it stamps.")
@click.option("--keep-days", type=float, metavar="DAYS", help="Days to keep who was seen; inf: for ever.")
@click.option("--new", is_flag=True, help="Add the camera if it is unknown, before its first footage.")
@output_options
@click.pass_context
def set_command(
    ctx: click.Context,
    name: str,
    zone: str | None,
    clock_offset: float | None,
    keep_days: float | None,
    new: bool,
    output: str,
) -> None:
    """Set a camera's zone, or correct its clock.

    A clock offset also moves the times of everything the camera has seen. A zone does not: it says how times are
    shown, and in which zone the times of footage still to be ingested are read. What is past its days is deleted by
    `surveil retention run`.

    \b
    Example:
        surveil camera set entrance --clock-offset -180
        surveil camera set yard --zone Europe/Rome --new
        surveil camera set gate --keep-days 30
    """
    if zone is None and clock_offset is None and keep_days is None and not new:
        raise click.UsageError("nothing to set: give --zone, --clock-offset, --keep-days or --new")
    with open_archive(ctx, create=new) as archive:
        camera = archive.set_camera(name, zone=zone, clock_offset=clock_offset, keep_days=keep_days, create=new)
    if output == "json":
        write_json(camera)
    elif output == "csv":
        write_csv([camera.model_dump(mode="json")], SETTINGS)
    else:
        echo(f"{name}: zone {camera.zone}, clock offset {camera.clock_offset:+g} s{_kept(camera.keep_days)}")


def _kept(days: float | None) -> str:
    return "" if days is None else f", keeps {days:g} days"
