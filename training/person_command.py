"""python -m training person"""

from __future__ import annotations

from pathlib import Path

import click

from training.options import cuhk03_option, data_option, peta_option, run_option


@click.command()
@click.argument("checkpoint", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option()
@cuhk03_option()
@peta_option
@click.option(
    "--annotated",
    required=True,
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A zip of annotated pictures, as the detector learns from; may be repeated.",
)
@run_option
def person(
    checkpoint: Path, data: Path, cuhk03: Path, peta: tuple[Path, ...], annotated: tuple[Path, ...], run: Path
) -> None:
    """Teach CHECKPOINT (.safetensors) to tell people from furniture and from parts of people.

    Writes NAME.person.safetensors beside it, and into its card what that is worth in places that it never saw.

    Example: python -m training person model.safetensors --data market1501 --cuhk03 detected.zip --peta mit.zip
    --annotated coco256.zip --run runs/person
    """
    from training.person_run import make_person_head

    people = {"market1501": data, "cuhk03": cuhk03} | {path.stem: path for path in peta}
    make_person_head(checkpoint, people, annotated, run, report=click.echo)
