"""surveil ingest: find the people in footage and store what they look like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surveil.cli.archive import open_archive
from surveil.cli.output import json_option, write_json, write_table
from surveil.cli.parameters import TIME

if TYPE_CHECKING:
    from surveil.app import FootageReport, ProgressCallback
    from surveil.types import Source


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--camera", metavar="NAME", help="The camera that recorded it all; else told by the paths.")
@click.option("--start", metavar="TIME", type=TIME, help="When it starts: 2026-09-14T08:30; else told by the paths.")
@click.option("--zone", metavar="ZONE", help="Time zone the cameras stand in, such as Europe/Rome.")
@click.option("--fps", metavar="N", type=float, help="Frames per second to look at.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), help="What runs the networks.")
@click.option("--detector", metavar="WEIGHTS", help="Another person detector: .safetensors, or ultralytics .pt.")
@click.option("--trust-detector", is_flag=True, default=None, help="Load .pt weights, which can run code.")
@click.option("--image-size", metavar="N", type=int, help="Pixels of the longer side that the detector sees.")
@click.option("--no-gate", is_flag=True, help="Look at frames without motion too.")
@click.option("--model", metavar="CHECKPOINT", help="A shipped model by its name, or weights [setting: model].")
@json_option
@click.pass_context
def command(
    ctx: click.Context, /, paths: tuple[Path, ...], camera: str | None, start: datetime | None, zone: str | None,
    image_size: int | None, no_gate: bool, output: str, **flags: Any,
) -> None:  # fmt: skip
    """Find the people in footage and store what they look like.

    PATH is a video, or a folder that is searched for videos and for folders of crops (pictures of one person each).
    What was ingested before is skipped, whatever it is called now; what failed before, or was interrupted, is done
    again. Several processes, also on several machines, may ingest the same folder into one database.

    Exit codes: 0 everything is ingested; 1 something could not be (the rest is); 2 the call is wrong.

    \b
    Example:
        surveil ingest footage/ --zone Europe/Rome
        surveil ingest hall.mp4 --camera hall --start 2026-09-14T08:30 --json
    """  # noqa: D301 (click needs the control character)
    reports = []
    with (
        open_archive(ctx, create=True, detector_image_size=image_size, **flags) as archive,
        _progress() as (progress, finished),
    ):
        found = archive.ingest(paths, camera=camera, start=start, zone=zone, gate=not no_gate, progress=progress)
        for report in found:
            finished(report)
            reports.append(report)
    if output == "json":
        from surveil.app import IngestResult

        write_json(IngestResult(footage=tuple(reports)))
    else:
        _print(reports)
    if any(report.state == "failed" for report in reports):
        ctx.exit(1)


@contextmanager
def _progress() -> Iterator[tuple[ProgressCallback | None, Callable[[FootageReport], None]]]:
    """Ways to tell of progress, on standard error: a bar on a terminal, a line per footage elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None, lambda report: click.echo(_line(report), err=True)
        return
    columns = TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("looking for footage", total=None)

        def progress(source: Source, done: float) -> None:
            if done == 0:
                bar.reset(task, total=1.0, description=f"{source.path.name} ({source.camera})")
            bar.update(task, completed=done)

        def finished(report: FootageReport) -> None:
            console.print(_line(report), markup=False, highlight=False, soft_wrap=True)
            bar.reset(task, total=None, description="looking for footage")

        yield progress, finished


def _line(report: FootageReport) -> str:
    if report.state == "failed":
        return f"failed: {report.error}"
    if report.state == "duplicate":
        return f"skipped: {report.path} ({report.remark})"
    return f"done: {report.path}, camera {report.camera}: {report.sightings} people in {report.seconds:.1f} s"


def _print(reports: list[FootageReport]) -> None:
    from surveil.cli.ingest_table import COLUMNS, NUMBERS, remarks, table

    write_table(COLUMNS, table(reports), right=NUMBERS)
    for line in remarks(reports):
        click.echo(line)
