"""surveil ingest: find the people in footage and store what they look like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surveil.cli.output import json_option, write_json, write_table

if TYPE_CHECKING:
    from surveil.errors import FootageError
    from surveil.ingest.pipeline import Pipeline
    from surveil.ingest.run import ProgressCallback
    from surveil.settings import Settings
    from surveil.store.session import Database
    from surveil.types import FootageReport, Source


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--camera", metavar="NAME", help="The camera that recorded it all; else told by the paths.")
@click.option("--start", metavar="TIME", help="When all of it starts: 2026-09-14T08:30; else told by the paths.")
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
    ctx: click.Context, /, paths: tuple[Path, ...], camera: str | None, start: str | None, zone: str | None,
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
    from surveil.settings import load_settings
    from surveil.store.session import Database

    settings = load_settings(database=ctx.obj["database"], detector_image_size=image_size, **flags)
    begins = _time(start)
    with Database.open(settings.database) as database:
        found = _find(database, settings, paths, camera, begins, zone)
        reports = _ingest(database, settings, found, gate=not no_gate)
    if output == "json":
        write_json({"footage": reports})
    else:
        _print(reports)
    if any(report.state == "failed" for report in reports):
        ctx.exit(1)


def _find(
    database: Database, settings: Settings, paths: tuple[Path, ...], camera: str | None, start: datetime | None,
    zone: str | None,
) -> Iterator[Source | FootageError]:  # fmt: skip
    """What lies at the paths. The zone of the call goes before those the cameras are known to stand in."""
    from surveil.errors import FootageError
    from surveil.footage.examine import examine
    from surveil.footage.find import find_footage
    from surveil.footage.origin import OriginRules
    from surveil.store.cameras import configure_camera, list_cameras
    from surveil.types import FoundFootage

    with database.session() as session:
        zones = {} if zone else {known.name: known.zone for known, _, _ in list_cameras(session)}
    rules = OriginRules.of(zone or "UTC", settings.camera_patterns, zones, camera=camera, start=start)
    for found in find_footage(paths, rules):
        if isinstance(found, FootageError):
            yield found
        if not isinstance(found, FoundFootage):
            continue
        if zone:
            with database.session() as session:
                configure_camera(session, found.camera, zone=zone, create=True)
        try:
            yield examine(found, rules)
        except FootageError as error:
            yield error


def _ingest(
    database: Database, settings: Settings, found: Iterator[Source | FootageError], *, gate: bool
) -> list[FootageReport]:
    import dataclasses

    from surveil.ingest.run import Worker
    from surveil.model.checkpoint import find_weights, load_card
    from surveil.store.media import media_folder
    from surveil.store.models import ModelRef
    from surveil.store.writer import Writer

    card = load_card(find_weights(settings.model))
    writer = Writer(
        database, media_folder(settings, database), ModelRef(card.name, card.sha256, dataclasses.asdict(card))
    )
    reports = []
    with _progress() as (progress, finished):
        for report in Worker(writer, _pipeline(settings, gate=gate), progress).ingest(found):
            finished(report)
            reports.append(report)
    return reports


def _pipeline(settings: Settings, *, gate: bool) -> Pipeline:
    """The networks are loaded when they are needed: not at all where everything was ingested before."""
    from surveil.device import resolve_device
    from surveil.ingest.pipeline import Pipeline
    from surveil.model.embed import AppearanceModel
    from surveil.people.detect import PersonDetector

    def load_detector() -> PersonDetector:
        return PersonDetector.load(
            settings.detector,
            device=resolve_device(settings.device),
            image_size=settings.detector_image_size,
            min_score=settings.detector_min_score,
            trust=settings.trust_detector,
        )

    def load_model() -> AppearanceModel:
        return AppearanceModel.load(settings.model, device=settings.device)

    return Pipeline(load_detector, load_model, settings, gate=gate)


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
    from surveil.ingest.report import COLUMNS, NUMBERS, remarks, table

    write_table(COLUMNS, table(reports), right=NUMBERS)
    for line in remarks(reports):
        click.echo(line)


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise click.BadParameter(
            f"not a time: {text}; write 2026-09-14 or 2026-09-14T08:30", param_hint="--start"
        ) from None
