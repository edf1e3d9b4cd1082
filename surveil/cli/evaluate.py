"""surveil evaluate: measure the model on a benchmark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from surveil.cli.output import json_option, write_json, write_table
from surveil.errors import SurveilError

if TYPE_CHECKING:
    from surveil.evaluation.official import OfficialResult


@click.group()
def command() -> None:
    """Measure the model on a benchmark."""


@command.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--model", metavar="CHECKPOINT", type=click.Path(path_type=Path), help="Weights [setting: model].")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), help="Where the model runs [setting: device].")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Also write the figures and a sheet there.")
@json_option
def market1501(folder: Path, model: Path | None, device: str | None, out: Path | None, output: str) -> None:
    """Re-identification and attributes on Market-1501, by its official protocol.

    DIR holds Market-1501-v15.09.15 or its zip files, which are read as they are, and market_attribute.mat; without
    that file the attributes are not measured. --out writes market1501.json and market1501-queries.png: queries from
    the worst ranked to the best, each with its first ten matches.

    Exit codes: 0 done; 1 the dataset or the checkpoint cannot be used; 2 the call is wrong.

    \b
    Example:
        surveil evaluate market1501 ~/data/market1501 --out results
    """  # noqa: D301 (click needs the control character)
    from surveil.evaluation.official import evaluate_official
    from surveil.model.checkpoint import SHIPPED
    from surveil.model.embed import AppearanceModel
    from surveil.settings import load_settings

    settings = load_settings(model=model, device=device)
    if out is not None:
        _make_folder(out)
    appearance_model = AppearanceModel.load(settings.model or SHIPPED, device=settings.device)
    with _progress() as progress:
        result = evaluate_official(folder, appearance_model, progress)
    if result.attributes is None:
        click.echo(f"No market_attribute.mat in {folder}: attributes were not measured.", err=True)
    if output == "json":
        write_json(result.summary())
    else:
        _print_tables(result)
    if out is not None:
        _write(result, out)


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SurveilError(f"cannot be made ({error.strerror})", out, "Give another folder with --out.") from error


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar per split on a terminal, a line per finished split elsewhere; both on stderr."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda name, done, total: click.echo(f"{name}: {total} crops", err=True) if done == total else None
        return
    with Progress(
        *Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn(), console=console
    ) as bars:
        tasks = {name: bars.add_task(name, total=None) for name in ("query", "gallery")}
        yield lambda name, done, total: bars.update(tasks[name], completed=done, total=total)


def _print_tables(result: OfficialResult) -> None:
    from surveil.evaluation.tables import attributes_table, reid_table

    click.echo(f"Model {result.card.name} ({result.card.architecture}, SHA-256 {result.card.sha256[:12]})")
    tables = [reid_table(result.reid)]
    if result.attributes is not None:
        tables.append(attributes_table(result.attributes))
    for table in tables:
        click.echo(f"\n{table.title}")
        write_table(table.columns, table.rows, right=table.columns[1:])
        click.echo(table.note)


def _write(result: OfficialResult, out: Path) -> None:
    import json

    import cv2

    from surveil.evaluation.plots import ranking_sheet

    figures, sheet = out / "market1501.json", out / "market1501-queries.png"
    figures.write_text(json.dumps(result.summary(), indent=2) + "\n")
    _, png = cv2.imencode(".png", ranking_sheet(result))
    sheet.write_bytes(png.tobytes())
    click.echo(f"Written: {figures}, {sheet}", err=True)
