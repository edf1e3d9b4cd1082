"""`make bench-detector`: the person detector with OpenVINO and with PyTorch, in turns on the same frames of footage."""

from __future__ import annotations

import time
from pathlib import Path

import click
import numpy as np

from surveil.cli.output import write_table
from surveil.footage.decode import FootageReader
from surveil.people.detect import PersonDetector
from surveil.runtimes import RuntimeName
from surveil.types import Detections

SAMPLE = Path(__file__).parents[1] / "sample_data" / "footage"
NAMES: tuple[RuntimeName, ...] = ("torch", "openvino")
BATCH_SIZE, MAX_FRAMES = 8, 32
COLUMNS = ("footage", "frames", "people", "unmatched", "largest px", "CPU ms torch", "CPU ms openvino", "ratio")


@click.command()
@click.argument("folder", default=SAMPLE, type=click.Path(path_type=Path, exists=True))
def main(folder: Path) -> None:
    """Print, for each video of a folder, how far the boxes are apart and what processor time each took per frame."""
    detectors = {
        name: PersonDetector.load(device="cpu", image_size=960, min_score=0.25, runtime=name) for name in NAMES
    }
    write_table(COLUMNS, [_row(path, detectors) for path in sorted(folder.iterdir())], right=COLUMNS[1:])


def _row(path: Path, detectors: dict[RuntimeName, PersonDetector]) -> list[str]:
    with FootageReader(path, fps=1.0) as reader:
        images = [frame.image for frame in reader][:MAX_FRAMES]
    found: dict[RuntimeName, list[Detections]] = {name: [] for name in detectors}
    used = dict.fromkeys(detectors, 0.0)
    for first in range(0, len(images), BATCH_SIZE):
        for name, detector in detectors.items():
            begun = time.process_time()
            found[name] += detector.detect(images[first : first + BATCH_SIZE])
            used[name] += time.process_time() - begun
    pairs = list(zip(found["torch"], found["openvino"], strict=True))
    unmatched = sum(abs(len(one) - len(other)) for one, other in pairs)
    apart = [_apart(one, other) for one, other in pairs if len(one) == len(other) > 0]
    each = [1000 * used[name] / len(images) for name in NAMES]
    people = sum(len(one) for one, _ in pairs)
    figures = (len(images), people, unmatched, f"{max(apart, default=0.0):.4f}")
    return [path.name, *map(str, figures), *(f"{time:.0f}" for time in each), f"{each[0] / each[1]:.1f}"]


def _apart(one: Detections, other: Detections) -> float:
    """Pixels between each box of the one and the nearest of the other, at most."""
    distances = np.abs(one.boxes[:, None] - other.boxes[None]).max(axis=2)
    return float(distances.min(axis=1).max())


if __name__ == "__main__":
    main()
