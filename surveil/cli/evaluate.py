"""surveil evaluate: measure the model on a benchmark."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from surveil.cli.output import json_option, write_json, write_table

if TYPE_CHECKING:
    from surveil.evaluation.sections import Sections
    from surveil.model.checkpoint import Card


@click.group()
def command() -> None:
    """Measure the model on a benchmark."""


@command.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--model", metavar="CHECKPOINT", help="A shipped model by its name, or weights [setting: model].")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), help="Where the model runs [setting: device].")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Also write figures, pictures and a page.")
@json_option
def market1501(folder: Path, model: str | None, device: str | None, out: Path | None, output: str) -> None:
    """Re-identification and attributes on Market-1501, by its official protocol.

    DIR holds Market-1501-v15.09.15 or its zip files, which are read as they are, and market_attribute.mat; without
    that file the attributes are not measured.

    --out writes index.html, a page with every table and picture, the command and the model's card, which needs no
    network; the pictures: curves, reliability of the probabilities, and the best, worst and failed queries; and
    market1501.json with all figures, unrounded. Either all of them are written or none.

    Exit codes: 0 done; 1 the dataset, the checkpoint or the folder of --out cannot be used; 2 the call is wrong.

    \b
    Examples:
        surveil evaluate market1501 ~/data/market1501
        surveil evaluate market1501 ~/data/market1501 --model mine.safetensors --out results
    """  # noqa: D301 (click needs the control character)
    from surveil.evaluation.folder import ResultsFolder
    from surveil.evaluation.official import evaluate_official
    from surveil.evaluation.sections import official_sections
    from surveil.model.embed import AppearanceModel
    from surveil.settings import load_settings

    settings = load_settings(model=model, device=device)
    with ExitStack() as stack:
        results = stack.enter_context(ResultsFolder(out)) if out is not None else None
        appearance_model = AppearanceModel.load(settings.model, device=settings.device)
        with _progress() as progress:
            result = evaluate_official(folder, appearance_model, progress)
        sections = official_sections(result)
        if result.attributes is None:
            click.echo(f"No market_attribute.mat in {folder}: attributes were not measured.", err=True)
        if output == "json":
            write_json(result.summary())
        else:
            _print_tables(result.card, sections)
        if results is not None:
            from surveil.evaluation.publish import PAGE, official_drawings, write_results

            results.fill(
                lambda place: write_results(
                    place,
                    title=f"{result.card.name} on Market-1501, official protocol",
                    sections=sections,
                    drawings=official_drawings(result),
                    figures=result.summary(),
                    card=result.card,
                    command=_command(folder, model=settings.model or result.card.name, device=settings.device, out=out),
                )
            )
            click.echo(f"Written: {results.path / PAGE}", err=True)


def _command(folder: Path, **options: object) -> str:
    """The call that measures the same again, with what came from settings and defaults spelled out."""
    words = ["surveil", "evaluate", "market1501", str(folder)]
    for name, value in options.items():
        words += [f"--{name}", str(value)]
    return shlex.join(words)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar per split on a terminal, a line per finished split elsewhere; both on stderr."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TaskID, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda name, done, total: click.echo(f"{name}: {total} crops", err=True) if done == total else None
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
