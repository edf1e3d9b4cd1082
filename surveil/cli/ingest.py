"""surveil ingest: find the people in footage and store what they look like."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import redirect_stdout
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surveil.cli.archive import open_archive
from surveil.cli.ingest_lines import follow, show
from surveil.cli.output import echo, output_options, write_csv, write_json, write_table
from surveil.cli.parameters import INTERVAL, TIME
from surveil.cli.progress import progress_line
from surveil.cli.signals import stop_on_signals

if TYPE_CHECKING:
    from surveil.app import FootageReport


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
@click.option("--at-once", "footage_at_once", metavar="N", type=int, help="Pieces to work on at once, in each worker.")
@click.option("--engine", type=click.Choice(["local", "ray"]), help="Who works: this process, or a Ray cluster.")
@click.option(
    "--address",
    "ray_address",
    metavar="HOST:PORT",
    help="Head of the Ray cluster, of which this machine is a node; else this machine alone.",
)
@click.option("--watch", is_flag=True, help="Go on, and take what comes into the folders, until it is stopped.")
@click.option(
    "--cluster-every",
    metavar="INTERVAL",
    type=INTERVAL,
    help="With --watch: group all sightings at this interval (30m, 1h) whenever something is new.",
)
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
    watch: bool,
    cluster_every: float | None,
    **settings: Any,
) -> None:
    """Find the people in footage and store what they look like.

    PATH is a video, or a folder that is searched for videos and for folders of crops (pictures of one person each).
    What was ingested before is skipped, whatever it is called now; what failed before is tried again, and what was
    interrupted goes on where it stopped. Several processes, also on several machines, may ingest the same folder into
    one database: each takes what waits, and takes over from those that die. Ctrl-C and SIGTERM stop it cleanly.

    With --watch it goes on: a new file is taken when it has stopped changing (setting watch_settled_seconds), one that
    failed is tried again now and then, and folders that go away are waited for. A health line says now and then how it
    goes, and `surveil status` shows it from elsewhere.

    On a graphics card, four pieces of footage are worked on at once, else one (--at-once); they share the networks.

    With --engine ray, workers on all machines of a Ray cluster each do so (see docs/scaling.md); database, media folder
    and footage must have the same names on all of them.

    Exit codes: 0 everything is ingested, or a watch was stopped; 1 something could not be (the rest is); 2 the call is
    wrong; 3 it was stopped before everything was ingested.

    \b
    Example:
        surveil ingest footage/ --zone Europe/Rome
        surveil ingest hall.mp4 --camera hall --start 2026-09-14T08:30 --json
        surveil ingest /recordings --watch --cluster-every 1h
        surveil ingest /recordings --engine ray --address 192.0.2.7:6379
    """
    if settings["ray_address"] is not None and settings["engine"] != "ray":
        raise click.UsageError("--address goes with --engine ray")
    _check_watch(watch, cluster_every is not None, again or start is not None or output != "table")
    recorded: dict[str, Any] = {"camera": camera, "zone": zone, "gate": not no_gate}
    passed_over: Counter[str] = Counter()
    with (
        open_archive(ctx, create=True, **settings) as archive,
        progress_line("looking for footage") as line,
        stop_on_signals() as stop,
    ):
        if watch:
            from surveil.cli.ingest_watch import keep_watching

            keep_watching(archive, paths, line, stop, cluster_every=cluster_every, **recorded)
            return
        found = archive.ingest(
            paths,
            start=start,
            again=again,
            **recorded,
            progress=partial(show, line),
            passed_over=lambda file: passed_over.update([file.reason]),
            stop=stop,
        )
        with redirect_stdout(sys.stderr):  # Ray prints to standard output what befalls its workers
            followed = list(follow(found, archive, line))
    reports = [report for report, _ in followed]
    if output == "json":
        from surveil.app import IngestResult

        write_json(IngestResult(footage=tuple(reports), watched=tuple(one for _, news in followed for one in news)))
    else:
        _print(output, reports, passed_over)
    states = {report.state for report in reports}
    ctx.exit(1 if "failed" in states else 3 if states & {"busy", "stopped"} or stop.is_set() else 0)


def _check_watch(watch: bool, clusters: bool, once: bool) -> None:
    if clusters and not watch:
        raise click.UsageError("--cluster-every goes with --watch")
    if watch and once:
        raise click.UsageError("--watch goes with neither --start, --again, --json nor --csv")


def _print(output: str, reports: list[FootageReport], passed_over: Counter[str]) -> None:
    from surveil.cli.ingest_table import COLUMNS, CSV_COLUMNS, NUMBERS, csv_rows, remarks, table

    if output == "csv":
        write_csv(csv_rows(reports), CSV_COLUMNS)
        return
    write_table(COLUMNS, table(reports), right=NUMBERS)
    for line in remarks(reports):
        echo(line)
    for reason, count in passed_over.most_common():
        echo(f"passed over: {count} files ({reason})")
