"""python -m training fit | export | average | measure | heads | person | quantise | onnx | detector."""

from __future__ import annotations

import dataclasses
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from surveil.errors import SurveilError
from training.detector_commands import detector
from training.person_command import person

if TYPE_CHECKING:
    from surveil.model.checkpoint import Card
    from training.datasets import PersonImages
    from training.recipes import Recipe


OUT_OF_TIME = 3
"""Exit code of a run that stopped because its time was over."""


@click.group()
def training() -> None:
    """Make the models that surveil ships."""


@training.command()
@click.argument("recipe", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with Market-1501 (folders or zips) and market_attribute.mat.",
)
@click.option(
    "--cuhk03",
    type=click.Path(exists=True, path_type=Path),
    help="CUHK03 crops named NNNN_KK.jpg, a folder or a zip; for recipes that ask for it.",
)
@click.option(
    "--rendered",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Crops of `python -m tools.sample_data.crops`; for recipes that ask for them.",
)
@click.option(
    "--start",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Begin with the weights of this checkpoint (.safetensors).",
)
@click.option(
    "--backbone-weights",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="ImageNet weights (.pth) for recipes with `pretrained`; fetched if not given.",
)
@click.option(
    "--teacher",
    "teachers",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Checkpoint to imitate, for recipes with distillation; may be repeated, and further ones may "
    "be networks of others that map crops to vectors (.onnx, .xml).",
)
@click.option(
    "--lessons",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that keeps what teachers say of the images; OUT/lessons if not given.",
)
@click.option("--compile", "compiled", is_flag=True, help="Run through torch.compile: slow to begin, faster after.")
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    help="Stop after so long, with the state saved and exit code 3; without it, train to the end.",
)
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of the run.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
def fit(
    recipe: Path,
    data: Path,
    cuhk03: Path | None,
    rendered: Path | None,
    start: Path | None,
    backbone_weights: Path | None,
    teachers: tuple[Path, ...],
    lessons: Path | None,
    compiled: bool,
    minutes: float | None,
    out: Path,
    device: str,
) -> None:
    """Train a model as RECIPE says; call it again with the same --out to go on after a kill.

    Example: python -m training fit configs/training/resnet34_attention_identity.toml --data market1501
    --cuhk03 cuhk03/detected.zip --out runs/first
    """
    from training.loop import OutOfTimeError, StartWeights
    from training.loop import fit as run
    from training.recipes import load_recipe

    until = time.monotonic() + 60 * (minutes or math.inf)
    chosen = load_recipe(recipe)
    if chosen.distillation.any() != bool(teachers):
        needs = "imitates no --teacher" if teachers else "imitates a --teacher, which was not given"
        raise SurveilError(needs, recipe)
    sets = _sets(chosen, recipe, data, cuhk03, rendered, teachers, lessons or out / "lessons")
    try:
        run(
            chosen,
            sets,
            out,
            StartWeights(start, backbone_weights, teachers),
            device=device,
            compiled=compiled,
            until=until,
            report=click.echo,
        )
    except FloatingPointError as error:
        raise SurveilError(str(error), recipe) from error
    except OutOfTimeError as stopped:
        click.echo(str(stopped))
        sys.exit(OUT_OF_TIME)


def _sets(
    recipe: Recipe,
    source: Path,
    data: Path,
    cuhk03: Path | None,
    rendered: Path | None,
    teachers: tuple[Path, ...],
    lessons: Path,
) -> list[tuple[PersonImages, int]]:
    """The images that a recipe learns from, each set with how many of its identities a batch takes.

    What the teachers say is kept in the folder `lessons`.
    """
    from surveil.evaluation.protocols.market1501 import split_identities
    from training.datasets import load_cuhk03, load_market1501, load_rendered
    from training.teachers import ask_teachers

    more = [
        ("cuhk03", cuhk03, load_cuhk03, recipe.data.cuhk03_identities),
        ("rendered", rendered, load_rendered, recipe.data.rendered_identities),
    ]
    for name, path, _, count in more:
        if count and path is None:
            raise SurveilError(f"takes {count} identities per batch from --{name}, which was not given", source)

    def taught(name: str, people: PersonImages) -> PersonImages:
        if not teachers:
            return people
        return dataclasses.replace(people, lessons=ask_teachers(teachers, people, lessons, name, report=click.echo))

    people = taught("market1501", load_market1501(data, recipe.input_size))
    held_out = split_identities(people.ids, recipe.data.validation_share, recipe.data.split_seed)
    own = recipe.schedule.identities - sum(count for *_, count in more)
    found = [(people.of(~held_out), own, data)]
    found += [
        (taught(name, load(path, recipe.input_size)), count, path) for name, path, load, count in more if count and path
    ]
    for images, count, path in found:
        identities = len(set(images.ids.tolist()))
        if not 0 < count <= identities:
            raise SurveilError(
                f"a batch takes {count} identities of the {identities} to learn from here",
                path,
                "Change the numbers of identities in the recipe, or give the whole dataset.",
            )
    return [(images, count) for images, count, _ in found]


@training.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder that `fit` was given.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="NAME.safetensors; its card NAME.json is written beside it.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
def export(run: Path, data: Path, out: Path, device: str) -> None:
    """Calibrate a trained RUN on its held-out identities and write the checkpoint that surveil loads.

    Example: python -m training export runs/first --data market1501 --out runs/first/model.safetensors
    """
    from training.export import export_run

    card = export_run(run, data, out, device=device)
    click.echo(f"{out}: {card.name}, {_validation(card)}")


def _validation(card: Card) -> str:
    return f"validation mAP {card.metrics['validation_mAP']:.3f}, SHA-256 {card.sha256}"


@training.command()
@click.argument("checkpoints", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder that `fit` was given.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="NAME.safetensors; its card NAME.json is written beside it.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
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


@training.command()
@click.argument("weights", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with the test part of Market-1501 and market_attribute.mat.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
def measure(weights: Path, data: Path, device: str) -> None:
    """Measure a checkpoint by the official protocol and write the figures into its card.

    Example: python -m training measure runs/first/model.safetensors --data market1501
    """
    from training.export import measure as run

    for what, figures in run(weights, data, device=device).metrics.items():
        click.echo(f"{what}: {figures}")


@training.command("onnx")
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


@training.command()
@click.argument("published", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with Market-1501 (folders or zips) and market_attribute.mat.",
)
@click.option(
    "--peta",
    required=True,
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A part of PETA, a folder or a zip; may be repeated.",
)
@click.option(
    "--cuhk03",
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="CUHK03 crops named NNNN_KK.jpg, a folder or a zip: for the probability of a match.",
)
@click.option(
    "--held-out-place",
    metavar="NAME",
    default="caviar4reid",
    show_default=True,
    help="The part of PETA that judges the attributes before the last training.",
)
@click.option("--epochs", type=click.IntRange(1), default=4, show_default=True, help="Times that a picture is seen.")
@click.option("--run", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of the run.")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="NAME.safetensors; its card NAME.json is written beside it.",
)
def heads(
    published: Path,
    data: Path,
    peta: tuple[Path, ...],
    cuhk03: Path,
    held_out_place: str,
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
        held_out_place=held_out_place,
        schedule=HeadSchedule(epochs=epochs),
        report=click.echo,
    )
    click.echo(f"{out}: {card.name}, {_validation(card)}")


@training.command("quantise")
@click.argument("checkpoint", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with the train part of Market-1501 and market_attribute.mat: ranges.",
)
@click.option(
    "--peta", multiple=True, type=click.Path(exists=True, path_type=Path), help="A part of PETA, likewise; repeatable."
)
@click.option(
    "--cuhk03",
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="CUHK03 crops named NNNN_KK.jpg: every sixth person tells how far the answers are from the network's own.",
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


training.add_command(detector)
training.add_command(person)


def main() -> None:
    """Run a command; an error that the user can cure becomes a message and exit code 1."""
    try:
        training()
    except SurveilError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
