"""surveil evaluate: measure the model on a benchmark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surveil.cli.output import echo, output_options, write_csv, write_json, write_table
from surveil.cli.progress import progress_line
from surveil.spreadsheet import flatten

if TYPE_CHECKING:
    from surveil.evaluation.benchmark import Market1501Benchmark, Market1501Request


@click.group()
def command() -> None:
    """Measure the model on a benchmark."""


@command.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--protocol",
    type=click.Choice(["official", "paper", "report"]),
    default="official",
    show_default=True,
    help="Rank the gallery for every query, or group it and return a group; report is another name of paper.",
)
@click.option("--rerank/--no-rerank", default=False, show_default=True, help="Also re-rank by mutual neighbours.")
@click.option("--flip", is_flag=True, help="Also describe every crop from its mirror image: twice the time.")
@click.option(
    "--model",
    "models",
    metavar="CHECKPOINT",
    multiple=True,
    help="A shipped model by its name, or weights; FILE.onnx or FILE.xml (OpenVINO) is somebody else's network, a "
    "peer. Several stand in one table [setting: model].",
)
@click.option(
    "--peer-input",
    type=click.Choice(["bgr255", "rgb-imagenet", "rgb1"]),
    default="bgr255",
    show_default=True,
    help="What peers expect of pictures: BGR from 0 to 255, RGB normalised as for ImageNet, or RGB from 0 to 1.",
)
@click.option("--speed", is_flag=True, help="Also measure how many crops a second the models describe, in turns.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), help="Where the model runs [setting: device].")
@click.option(
    "--runtime",
    type=click.Choice(["auto", "torch", "openvino", "openvino-int8"]),
    help="What runs our models [setting: runtime].",
)
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Also write figures, pictures and a page.")
@output_options
@click.pass_context
def market1501(ctx: click.Context, /, out: Path | None, output: str, **asked: Any) -> None:
    """Re-identification and attributes on Market-1501, by its official protocol or that of the paper behind the model.

    DIR holds Market-1501-v15.09.15 or its zip files, which are read as they are, and market_attribute.mat, without
    which the attributes are not measured; or it is one of the zips, with that file beside it. The official protocol
    needs query and bounding_box_test, the paper's bounding_box_train too. --rerank takes a minute or two for the whole
    dataset, and 2 GB of memory.

    --out writes index.html, a page with every table and picture, the command and the model's card, which needs no
    network; of the official protocol also the pictures: curves, reliability of the probabilities, and the best, worst
    and failed queries; and market1501.json with all figures, unrounded. Either all of them are written or none.

    With several --model, the first table has them side by side; of peers re-identification is measured alone, by
    cosine. A peer has one input (N, 3, height, width) and one output (N, D), and runs on the CPU through ONNX Runtime
    or OpenVINO (pip install "surveil[onnx]" or "surveil[openvino]"). --speed has the models describe the same crops in
    turns on two threads of the CPU and tells crops a second and CPU time.

    Exit codes: 0 done; 1 the dataset, the checkpoint or the folder of --out cannot be used; 2 the call is wrong.

    \b
    Examples:
        surveil evaluate market1501 ~/data/market1501
        surveil evaluate market1501 ~/data/market1501 --rerank --flip --out results
        surveil evaluate market1501 ~/data/market1501 --protocol paper --json
        surveil evaluate market1501 ~/data/market1501 --model resnet34-attention --model other.onnx --speed
    """
    from surveil.evaluation.benchmark import run_market1501
    from surveil.evaluation.output.folder import ResultsFolder

    request = _request(ctx.obj["config"], **asked)
    with ResultsFolder(out) if out is not None else nullcontext() as results:
        with _progress() as progress:
            measured = run_market1501(request, progress)
        for note in measured.notes:
            echo(note, err=True)
        if output == "json":
            write_json(measured.figures)
        elif output == "csv":
            figures = ({"figure": name, "value": value} for name, value in flatten(measured.figures).items())
            write_csv(figures, ("figure", "value"))
        else:
            _print_tables(measured)
        if results is not None:
            results.fill(lambda place: measured.write(place, results.path))
            echo(f"Written: {results.path / 'index.html'}", err=True)


def _request(
    config: Path | None,
    folder: Path,
    protocol: str,
    rerank: bool,
    flip: bool,
    models: tuple[str, ...],
    peer_input: str,
    speed: bool,
    device: str | None,
    runtime: str | None,
) -> Market1501Request:
    from surveil.errors import SurveilError
    from surveil.evaluation.benchmark import Market1501Request
    from surveil.settings import load_settings

    settings = load_settings(config, device=device, runtime=runtime)
    request = Market1501Request(
        folder,
        protocol="official" if protocol == "official" else "paper",
        models=models or (settings.model,),
        device=settings.device,
        reranked=rerank,
        mirrored=flip,
        peer_input=peer_input,
        speed=speed,
        runtime=settings.runtime,
    )
    try:
        request.check()
    except SurveilError as error:
        raise click.UsageError(str(error)) from error
    return request


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Is told of each step how much of it is done; each that is finished leaves a line."""
    with progress_line("reading the dataset") as line:

        def report(name: str, done: int, total: int) -> None:
            line.step(name, done, total)
            if done == total:
                line.say(f"{name}: {total} done", over=name)

        yield report


def _print_tables(measured: Market1501Benchmark) -> None:
    for card in measured.cards:
        echo(f"Model {card.name} ({card.architecture}, SHA-256 {card.sha256[:12]})")
    for table in (table for tables in measured.sections.values() for table in tables):
        click.echo()
        echo(table.title)
        write_table(table.columns, table.rows, right=table.columns[1:])
        for line in table.note.splitlines():
            echo(line)
