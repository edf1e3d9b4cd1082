"""python -m training export | average | measure | heads | quantise | onnx: what makes or changes a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from training.options import cuhk03_option, data_option, device_option, out_option, peta_option, run_option

if TYPE_CHECKING:
    from surveil.model.checkpoint import Card


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@data_option("The folder that `fit` was given.")
@out_option
@device_option
def export(run: Path, data: Path, out: Path, device: str) -> None:
    """Calibrate a trained RUN on its held-out identities and write the checkpoint that surveil loads.

    Example: python -m training export runs/first --data market1501 --out runs/first/model.safetensors
    """
    from training.export import export_run

    card = export_run(run, data, out, device=device)
    click.echo(f"{out}: {card.name}, {_validation(card)}")


def _validation(card: Card) -> str:
    return f"validation mAP {card.metrics['validation_mAP']:.3f}, SHA-256 {card.sha256}"


@click.command()
@click.argument("checkpoints", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option("The folder that `fit` was given.")
@out_option
@device_option
def average(checkpoints: tuple[Path, ...], data: Path, out: Path, device: str) -> None:
    """Write the mean of CHECKPOINTS that were begun with one another: the first, and each further one that helps.

    Helps: the mean of all kept so far ranks the held-out identities better with it than without it.

    Example: python -m training average runs/second.safetensors runs/first.safetensors --data market1501
    --out runs/mean.safetensors
    """
    from training.average import average_checkpoints

    card = average_checkpoints(checkpoints, data, out, device=device)
    kept = len(card.training["mean_of"])
    click.echo(f"{out}: {card.name}, mean of {kept} of {len(checkpoints)}, {_validation(card)}")


@click.command()
@click.argument("weights", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option("Folder with the test part of Market-1501 and market_attribute.mat.")
@device_option
def measure(weights: Path, data: Path, device: str) -> None:
    """Measure a checkpoint by the official protocol and write the figures into its card.

    Example: python -m training measure runs/first/model.safetensors --data market1501
    """
    from training.export import measure as run

    for what, figures in run(weights, data, device=device).metrics.items():
        click.echo(f"{what}: {figures}")


@click.command("onnx")
@click.argument("checkpoint", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="FILE.onnx; its card FILE.onnx.json is written beside it.",
)
def write_onnx(checkpoint: Path, out: Path) -> None:
    """Write CHECKPOINT (.safetensors) as ONNX, if ONNX Runtime gives what PyTorch gives; needs the extra `onnx`.

    Input: `images` (N, 3, H, W) float32, RGB from 0 to 1, at the model's input size. Outputs: `features` (N, 512);
    `probabilities` (N, 32), calibrated, in the order of the card's `attributes`; `embedding` (N, 544) of unit length,
    the dot product of two is their similarity.

    Example: python -m training onnx runs/first/model.safetensors --out model.onnx
    """
    from training.onnx_export import export_onnx

    differences = export_onnx(checkpoint, out)
    shown = ", ".join(f"{name} {value:.2g}" for name, value in differences.items())
    click.echo(f"{out}: largest difference from PyTorch: {shown}")


@click.command()
@click.argument("published", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option()
@peta_option
@cuhk03_option("CUHK03 crops named NNNN_KK.jpg, a folder or a zip: for the probability of a match.")
@click.option("--epochs", type=click.IntRange(1), default=4, show_default=True, help="Times that a picture is seen.")
@run_option
@out_option
def heads(
    published: Path,
    data: Path,
    peta: tuple[Path, ...],
    cuhk03: Path,
    epochs: int,
    run: Path,
    out: Path,
) -> None:
    """Train attribute heads on the network PUBLISHED, person-reidentification-retail-0277.xml of Open Model Zoo.

    The feature maps of every picture are computed once (half an hour on two cores) and kept in the folder of the run,
    so a killed run goes on; the heads train in minutes.

    Example: python -m training heads person-reidentification-retail-0277.xml --data market1501 --peta peta/mit.zip
    --peta peta/caviar4reid.zip --cuhk03 cuhk03/detected.zip --run runs/osnet --out runs/osnet/model.safetensors
    """
    from training.heads import HeadSchedule
    from training.heads_run import make_model

    card = make_model(
        published,
        data,
        peta,
        cuhk03,
        run,
        out,
        schedule=HeadSchedule(epochs=epochs),
        report=click.echo,
    )
    click.echo(f"{out}: {card.name}, {_validation(card)}")


@click.command("quantise")
@click.argument("checkpoint", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option("Folder with the train part of Market-1501 and market_attribute.mat: ranges.")
@click.option(
    "--peta", multiple=True, type=click.Path(exists=True, path_type=Path), help="A part of PETA, likewise; repeatable."
)
@cuhk03_option(
    "CUHK03 crops named NNNN_KK.jpg: every sixth person tells how far the answers are from the network's own."
)
def quantise_checkpoint(checkpoint: Path, data: Path, peta: tuple[Path, ...], cuhk03: Path) -> None:
    """Write CHECKPOINT (.safetensors) in 8 bits beside it, for OpenVINO; needs the extras `training` and `openvino`.

    Example: python -m training quantise model.safetensors --data market1501 --peta peta/mit.zip
    --cuhk03 cuhk03/detected.zip
    """
    from surveil.model.checkpoint import load_card
    from training.datasets import load_cuhk03, load_market1501
    from training.heads_run import CUHK03_STEP
    from training.peta import load_peta
    from training.quantise import quantise

    size = load_card(checkpoint).input_size
    others = load_cuhk03(cuhk03, size)
    judges = others.of(others.ids % CUHK03_STEP == 0)
    card = quantise(checkpoint, [load_market1501(data, size), *(load_peta(path, size) for path in peta)], judges)
    for name, value in card.quantised["parity"].items():
        click.echo(f"{name}: {value}")
