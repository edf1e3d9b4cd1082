"""surveil ingest: find the people in footage and store what they look like."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surveil.cli.archive import open_archive
from surveil.cli.output import echo, output_options, write_csv, write_json, write_table
from surveil.cli.parameters import TIME
from surveil.cli.progress import ProgressLine, progress_line
from surveil.cli.signals import stop_on_signals

if TYPE_CHECKING:
    from surveil.app import Archive, FootageReport, WatchResult


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--camera", metavar="NAME", help="The camera that recorded it all; else told by the paths.")
@click.option("--start", metavar="TIME", type=TIME, help="When it starts: 2026-09-14T08:30; else told by the paths.")
@click.option("--zone", metavar="ZONE", help="Time zone the cameras stand in, such as Europe/Rome.")
@click.option("--fps", metavar="N", type=float, help="Frames per second to look at.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), help="What runs the networks.")
@click.option("--detector", metavar="WEIGHTS", help="Another person detector: .safetensors, or ultralytics .pt.")
@click.option("--trust-detector", is_flag=True, default=None, help="Load .pt weights, which can run code.")
@click.option(
    "--image-size",
    "detector_image_size",
    metavar="N",
    type=int,
    help="Pixels of the longer side that the detector sees.",
)
@click.option("--no-gate", is_flag=True, help="Look at frames without motion too.")
@click.option("--again", is_flag=True, help="Do again what is done already, or was given up.")
@click.option("--model", metavar="CHECKPOINT", help="A shipped model by its name, or weights [setting: model].")
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    paths: tuple[Path, ...],
    output: str,
    camera: str | None,
    start: datetime | None,
    zone: str | None,
    no_gate: bool,
    again: bool,
    **settings: Any,
) -> None:
    """Find the people in footage and store what they look like.

    PATH is a video, or a folder that is searched for videos and for folders of crops (pictures of one person each).
    What was ingested before is skipped, whatever it is called now; what failed before is tried again, and what was
    interrupted goes on where it stopped. Several processes, also on several machines, may ingest the same folder into
    one database: each takes what waits, and takes over from those that die. Ctrl-C and SIGTERM stop it cleanly.

    Exit codes: 0 everything is ingested; 1 something could not be (the rest is); 2 the call is wrong; 3 it was stopped
    before everything was ingested.

    \b
    Example:
        surveil ingest footage/ --zone Europe/Rome
        surveil ingest hall.mp4 --camera hall --start 2026-09-14T08:30 --json
    """  # noqa: D301 (click needs the control character)
    passed_over: Counter[str] = Counter()
    with (
        open_archive(ctx, create=True, **settings) as archive,
        progress_line("looking for footage") as line,
        stop_on_signals() as stop,
    ):
        found = archive.ingest(
            paths,
            camera=camera,
            start=start,
            zone=zone,
            gate=not no_gate,
            again=again,
            progress=lambda source, done: line.step(f"{source.path.name} ({source.camera})", done),
            passed_over=lambda file: passed_over.update([file.reason]),
            stop=stop,
        )
        reports, watched = _follow(found, archive, line)
    if output == "json":
        from surveil.app import IngestResult

        write_json(IngestResult(footage=tuple(reports), watched=tuple(watched)))
    elif output == "csv":
        from surveil.cli.ingest_table import CSV_COLUMNS, csv_rows

        write_csv(csv_rows(reports), CSV_COLUMNS)
    else:
        _print(reports, passed_over)
    states = {report.state for report in reports}
    ctx.exit(1 if "failed" in states else 3 if states & {"busy", "stopped"} or stop.is_set() else 0)


def _follow(
    found: Iterable[FootageReport], archive: Archive, line: ProgressLine
) -> tuple[list[FootageReport], list[WatchResult]]:
    """Tell of each piece when it is finished, and of what the watched searches find in it."""
    reports: list[FootageReport] = []
    watched: list[WatchResult] = []
    for report in found:
        line.say(_line(report))
        reports.append(report)
        if report.state == "done":
            for news in archive.watched(report.path):
                line.say(_news(news, report.path))
                watched.append(news)
    return reports, watched


def _news(news: WatchResult, path: Path) -> str:
    if news.result is None:
        return f"watched: {news.name} cannot be answered: {news.error}"
    sightings = ", ".join(str(match.sighting) for match in news.result.matches)
    return f"watched: {news.name} was found in {path}: sightings {sightings}"


def _line(report: FootageReport) -> str:
    if report.state == "failed":
        return f"failed: {report.error}"
    if report.state == "known":
        return f"skipped: {report.path} ({report.remark})"
    if report.state != "done":
        return f"{report.state}: {report.path} ({report.remark})"
    return f"done: {report.path}, camera {report.camera}: {report.sightings} people in {report.seconds:.1f} s"


def _print(reports: list[FootageReport], passed_over: Counter[str]) -> None:
    from surveil.cli.ingest_table import COLUMNS, NUMBERS, remarks, table

    write_table(COLUMNS, table(reports), right=NUMBERS)
    for line in remarks(reports):
        echo(line)
    for reason, count in passed_over.most_common():
        echo(f"passed over: {count} files ({reason})")
