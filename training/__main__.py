"""python -m training fit | export | average | measure | heads | person | quantise | onnx | detector."""

from __future__ import annotations

import sys

import click

from surveil.errors import SurveilError
from training.checkpoint_commands import average, export, heads, measure, quantise_checkpoint, write_onnx
from training.detector_commands import detector
from training.fit_command import fit
from training.person_command import person


@click.group()
def training() -> None:
    """Make the models that surveil ships."""


for command in (fit, export, average, measure, heads, person, quantise_checkpoint, write_onnx, detector):
    training.add_command(command)


def main() -> None:
    """Run a command; an error that the user can cure becomes a message and exit code 1."""
    try:
        training()
    except SurveilError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
