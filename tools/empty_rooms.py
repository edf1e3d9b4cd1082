"""`make empty-rooms DATA=FOLDER`: false sightings in a film of places where nobody is."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import cv2
import numpy as np

import surveil
from surveil.cli.output import write_table
from surveil.types import Image
from tools.bench_ingest.clips import write_film
from training.detector_sets import load_pictures

WIDTH, HEIGHT, FPS = 640, 480, 5
NOISE = 3.0
"""Standard deviation of what the sensor adds to each pixel of each frame, of 255."""
FLICKER = 0.03
"""How far the light wavers, as a share of it."""
LIGHT_PERIOD = 11.0
"""Seconds."""
COLUMNS = ("pictures", "minutes", "frames", "looked at", "false sightings", "nobody, left out")


@click.command()
@click.argument("zips", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--minutes", default=10.0, show_default=True, help="Length of the film.")
@click.option("--gate/--no-gate", default=True, show_default=True, help="Pass over frames in which nothing moves.")
@click.option("--keep", type=click.Path(path_type=Path), help="Folder for the film and what was found.")
def main(zips: tuple[Path, ...], minutes: float, gate: bool, keep: Path | None) -> None:
    """Make a film of the annotated pictures kept from the detector's training that show nobody, and ingest it."""
    pictures = [_fitted(found.image) for path in zips for found in load_pictures(path, "validation") if found.is_empty]
    with tempfile.TemporaryDirectory() as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        frames = _frames(pictures, minutes * 60 / len(pictures))
        film = write_film(folder / "empty_20260914-080000.mp4", frames, WIDTH, HEIGHT, FPS)
        with surveil.open(f"sqlite:///{folder / 'empty.db'}") as archive:
            [report] = archive.ingest([film], gate=gate)
            if report.state != "done":
                raise click.ClickException(f"{film} is {report.state}: {report.error}")
        looked = report.frames.processed
        figures = (len(pictures), f"{minutes:g}", report.frames.decoded, looked, report.sightings, report.not_people)
        write_table(COLUMNS, [[str(figure) for figure in figures]], right=COLUMNS)


def _fitted(image: Image) -> Image:
    """A picture in the middle of a grey frame."""
    scale = min(WIDTH / image.shape[1], HEIGHT / image.shape[0])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    frame = np.full((HEIGHT, WIDTH, 3), 114, np.uint8)
    top, left = (HEIGHT - small.shape[0]) // 2, (WIDTH - small.shape[1]) // 2
    frame[top : top + small.shape[0], left : left + small.shape[1]] = small
    return frame


def _frames(pictures: Sequence[Image], seconds: float) -> Iterator[Image]:
    """As a camera would give them: with the noise of its sensor, in light that wavers."""
    random = np.random.default_rng(0)
    for picture in pictures:
        for number in range(round(seconds * FPS)):
            light = 1 + FLICKER * np.sin(2 * np.pi * number / FPS / LIGHT_PERIOD)
            yield np.clip(picture * light + random.normal(0, NOISE, picture.shape), 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
