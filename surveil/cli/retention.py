"""surveil retention: delete those whose cameras are not to keep them any longer."""

from __future__ import annotations

import click

from surveil.cli.archive import open_archive
from surveil.cli.output import output_options, write_csv, write_json, write_table
from surveil.cli.removal import print_removal


@click.group()
def command() -> None:
    """Delete those whose cameras are not to keep them any longer; see `surveil camera set --keep-days`."""


@command.command(name="run")
@click.option("--dry-run", is_flag=True, help="Only tell what would be deleted.")
@click.option("--reason", metavar="TEXT", help="Why; it is put on record.")
@output_options
@click.pass_context
def run_command(ctx: click.Context, dry_run: bool, reason: str | None, output: str) -> None:
    """Delete sightings that are past their camera's days, with pictures, descriptions and embeddings.

    What open cases hold stays, and is told. The footage stays known, so that it is not ingested again; its files are
    your recorder's. Run it every day.

    \b
    Example:
        surveil retention run --dry-run
    """
    what = {"retention": True, "rehearse": dry_run}
    with open_archive(ctx) as archive, archive.acting(None, "delete", what, reason=reason):
        result = archive.retention.run(rehearse=dry_run)
    if output == "json":
        write_json(result)
        return
    columns = ("camera", "keep_days", "before", "sightings")
    if output == "csv":
        write_csv((camera.model_dump(mode="json") for camera in result.cameras), columns)
        return
    rows = [
        [one.camera, f"{one.keep_days:g}", f"{one.before:%Y-%m-%d %H:%M}", str(one.sightings)] for one in result.cameras
    ]
    write_table(("camera", "days", "before (UTC)", "past it"), rows, right=("days", "past it"))
    print_removal(result.removal)
