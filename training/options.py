"""Options that several commands of training take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
MARKET1501 = "Folder with Market-1501 (folders or zips) and market_attribute.mat."
CUHK03 = "CUHK03 crops named NNNN_KK.jpg, a folder or a zip."

device_option = click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
out_option = click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="NAME.safetensors; its card NAME.json is written beside it.",
)
run_option = click.option(
    "--run", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of the run."
)
peta_option = click.option(
    "--peta",
    required=True,
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A part of PETA, a folder or a zip; may be repeated.",
)


def data_option(what: str = MARKET1501) -> Callable[[Command], Command]:
    """The dataset's folder; `what` is the help."""
    folder = click.Path(exists=True, file_okay=False, path_type=Path)
    return click.option("--data", required=True, type=folder, help=what)


def cuhk03_option(what: str = CUHK03) -> Callable[[Command], Command]:
    """CUHK03; `what` is the help."""
    return click.option("--cuhk03", required=True, type=click.Path(exists=True, path_type=Path), help=what)
