"""surveil evaluate: measure the model on a benchmark."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from surveil.cli.output import json_option, write_json, write_table

if TYPE_CHECKING:
    from surveil.evaluation.publish import Drawing
    from surveil.evaluation.sections import Sections
    from surveil.model.checkpoint import Card
    from surveil.model.embed import AppearanceModel


@click.group()
def command() -> None:
    """Measure the model on a benchmark."""


@command.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--protocol", type=click.Choice(["official", "report"]), default="official", show_default=True,
    help="Rank the gallery for every query, or group it and return a group.",
)  # fmt: skip
@click.option("--rerank/--no-rerank", default=False, show_default=True, help="Also re-rank by mutual neighbours.")
@click.option("--flip", is_flag=True, help="Also describe every crop from its mirror image: twice the time.")
@click.option("--model", metavar="CHECKPOINT", help="A shipped model by its name, or weights [setting: model].")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), help="Where the model runs [setting: device].")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Also write figures, pictures and a page.")
@json_option
def market1501(
    folder: Path,
    protocol: str,
    rerank: bool,
    flip: bool,
    model: str | None,
    device: str | None,
    out: Path | None,
    output: str,
) -> None:
    """Re-identification and attributes on Market-1501, by its official protocol or by the report's.

    DIR holds Market-1501-v15.09.15 or its zip files, which are read as they are, and market_attribute.mat; without
    that file the attributes are not measured. The official protocol needs query and bounding_box_test, the report's
    bounding_box_train too. --rerank takes a minute or two for the whole dataset, and 2 GB of memory.

    --out writes index.html, a page with every table and picture, the command and the model's card, which needs no
    network; of the official protocol also the pictures: curves, reliability of the probabilities, and the best, worst
    and failed queries; and market1501.json with all figures, unrounded. Either all of them are written or none.

    Exit codes: 0 done; 1 the dataset, the checkpoint or the folder of --out cannot be used; 2 the call is wrong.

    \b
    Examples:
        surveil evaluate market1501 ~/data/market1501
        surveil evaluate market1501 ~/data/market1501 --rerank --flip --out results
        surveil evaluate market1501 ~/data/market1501 --protocol report --json
    """  # noqa: D301 (click needs the control character)
    from surveil.evaluation.folder import ResultsFolder
    from surveil.model.embed import AppearanceModel
    from surveil.settings import load_settings

    if protocol == "report" and (rerank or flip):
        raise click.UsageError("--rerank and --flip belong to the official protocol")
    settings = load_settings(model=model, device=device)
    with ExitStack() as stack:
        results = stack.enter_context(ResultsFolder(out)) if out is not None else None
        appearance_model = AppearanceModel.load(settings.model, device=settings.device)
        if protocol == "report":
            measured = _report(folder, appearance_model)
        else:
            measured = _official(folder, appearance_model, rerank=rerank, flip=flip)
        if output == "json":
            write_json(measured.figures)
        else:
            _print_tables(appearance_model.card, measured.sections)
        if results is not None:
            from surveil.evaluation.publish import PAGE, write_results

            card = appearance_model.card
            flags = [name for name, chosen in (("--rerank", rerank), ("--flip", flip)) if chosen]
            command = _command(
                folder, *flags, protocol=protocol, model=settings.model or card.name, device=settings.device, out=out
            )
            results.fill(
                lambda place: write_results(
                    place,
                    title=f"{card.name} on Market-1501, {measured.protocol}",
                    sections=measured.sections,
                    drawings=measured.draw(),
                    figures=measured.figures,
                    card=card,
                    command=command,
                )
            )
            click.echo(f"Written: {results.path / PAGE}", err=True)


@dataclass(frozen=True, slots=True)
class _Measured:
    """What a protocol came to, whichever it was; the pictures are drawn when they are asked for."""

    protocol: str
    figures: dict[str, object]
    sections: Sections
    draw: Callable[[], Mapping[str, Sequence[Drawing]]]


def _official(folder: Path, model: AppearanceModel, *, rerank: bool, flip: bool) -> _Measured:
    from surveil.evaluation.official import evaluate_official
    from surveil.evaluation.sections import official_sections

    with _progress() as progress:
        result = evaluate_official(folder, model, progress, mirrored=flip, reranked=rerank)
    if result.attributes is None:
        click.echo(f"No market_attribute.mat in {folder}: attributes were not measured.", err=True)

    def draw() -> Mapping[str, Sequence[Drawing]]:
        from surveil.evaluation.publish import official_drawings

        return official_drawings(result)

    return _Measured("official protocol", result.summary(), official_sections(result), draw)


def _report(folder: Path, model: AppearanceModel) -> _Measured:
    from surveil.evaluation.report import evaluate_report
    from surveil.evaluation.sections import report_sections

    with _progress() as progress:
        result = evaluate_report(folder, model, progress)
    return _Measured("the report's protocol", result.summary(), report_sections(result), dict)


def _command(folder: Path, *flags: str, **options: object) -> str:
    """The call that measures the same again, with what came from settings and defaults spelled out."""
    words = ["surveil", "evaluate", "market1501", str(folder), *flags]
    for name, value in options.items():
        words += [f"--{name}", str(value)]
    return shlex.join(words)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar per step on a terminal, a line per finished step elsewhere; both on stderr."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TaskID, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda name, done, total: click.echo(f"{name}: {total} done", err=True) if done == total else None
        return
    tasks: dict[str, TaskID] = {}
    with Progress(
        *Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn(), console=console
    ) as bars:

        def report(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
            bars.update(tasks[name], completed=done)

        yield report


def _print_tables(card: Card, sections: Sections) -> None:
    click.echo(f"Model {card.name} ({card.architecture}, SHA-256 {card.sha256[:12]})")
    for table in (table for tables in sections.values() for table in tables):
        click.echo(f"\n{table.title}")
        write_table(table.columns, table.rows, right=table.columns[1:])
        click.echo(table.note)
