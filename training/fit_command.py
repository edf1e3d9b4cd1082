"""python -m training fit"""

from __future__ import annotations

import dataclasses
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from surveil.errors import SurveilError
from training.options import data_option, device_option

if TYPE_CHECKING:
    from training.datasets import PersonImages
    from training.recipes import Recipe

OUT_OF_TIME = 3
"""Exit code of a run that stopped because its time was over."""


@click.command()
@click.argument("recipe", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option()
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
@device_option
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
    from training.loop import OutOfTimeError
    from training.loop import fit as run
    from training.recipes import load_recipe
    from training.run import StartWeights

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
