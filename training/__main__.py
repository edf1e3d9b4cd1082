"""python -m training fit | export | detector."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from surveil.errors import SurveilError
from training.detector_commands import detector


@click.group()
def training() -> None:
    """Make the models that surveil ships."""


@training.command()
@click.argument("recipe", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--data", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder with Market-1501 (folders or zips) and market_attribute.mat.")  # fmt: skip
@click.option("--cuhk03", type=click.Path(exists=True, path_type=Path),
              help="CUHK03 crops named NNNN_KK.jpg: folder or zip; for recipes that ask for more identities.")  # fmt: skip
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of the run.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
def fit(recipe: Path, data: Path, cuhk03: Path | None, out: Path, device: str) -> None:
    """Train a model as RECIPE says; call it again with the same --out to go on after a kill.

    Example: python -m training fit configs/training/resnet34_attention_identity.toml --data market1501
    --cuhk03 cuhk03/detected.zip --out runs/first
    """
    from training.datasets import load_cuhk03, load_market1501, split_identities
    from training.loop import fit as run
    from training.recipes import load_recipe

    chosen = load_recipe(recipe)
    people = load_market1501(data, chosen.input_size)
    held_out = split_identities(people.ids, chosen.data.validation_share, chosen.data.split_seed)
    extra = load_cuhk03(cuhk03, chosen.input_size) if cuhk03 else None
    run(chosen, people.of(~held_out), extra, out, device=device, report=click.echo)


@training.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--data", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="The folder that `fit` was given.")  # fmt: skip
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path),
              help="NAME.safetensors; its card NAME.json is written beside it.")  # fmt: skip
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
def export(run: Path, data: Path, out: Path, device: str) -> None:
    """Calibrate a trained RUN on its held-out identities and write the checkpoint that surveil loads.

    Example: python -m training export runs/first --data market1501 --out runs/first/model.safetensors
    """
    from training.export import export_run

    card = export_run(run, data, out, device=device)
    click.echo(f"{out}: {card.name}, validation mAP {card.metrics['validation_mAP']:.3f}, SHA-256 {card.sha256}")


training.add_command(detector)


def main() -> None:
    """Run a command; an error that the user can cure becomes a message and exit code 1."""
    try:
        training()
    except SurveilError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
