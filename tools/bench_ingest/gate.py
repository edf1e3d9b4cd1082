"""What the motion gate costs: everybody whom an ungated run finds, looked for in what a gated run finds."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from surveil.boxes import box_iou
from surveil.cli.output import write_table
from surveil.ingest.pipeline import Pipeline
from surveil.types import FrameCounts, Sighting, Source
from tools.bench_ingest.bench import Bench

SAME_IOU = 0.5
COLUMNS = ("footage", "frames looked at", "of", "sightings ungated", "gated", "found again", "missed")


def measure(bench: Bench, footage: list[Path]) -> None:
    """Print a line for each video, and where those were whom the gate missed."""
    rows, missed = [], []
    for path in footage:
        everybody, all_frames = _run(bench, path, gate=False)
        gated, frames = _run(bench, path, gate=True)
        lost = [sighting for sighting in everybody if not any(_is_same(sighting, other) for other in gated)]
        counts = (frames.processed, all_frames.processed, len(everybody), len(gated), len(everybody) - len(lost))
        rows.append([path.name, *map(str, counts), str(len(lost))])
        missed += [f"missed in {path.name}: {_where(sighting)}" for sighting in lost]
    write_table(COLUMNS, rows, right=COLUMNS[1:])
    for line in missed:
        print(line)


def _run(bench: Bench, path: Path, *, gate: bool) -> tuple[list[Sighting], FrameCounts]:
    pipeline = Pipeline(lambda: bench.detector, lambda: bench.model, bench.settings, gate=gate)
    processing = pipeline.process(source_of(path))
    sightings = [sighting for step in processing.steps() for sighting in step.sightings]
    return sightings, processing.result.frames


def source_of(path: Path) -> Source:
    """A video as the scan hands it on; nothing of it is looked at."""
    return Source(path, "video", "bench", "path", datetime.now(UTC), "path", "0" * 64)


def _is_same(one: Sighting, other: Sighting) -> bool:
    """Whether both have a box of one frame that is the same person's."""
    _, mine, theirs = np.intersect1d(one.track.seconds, other.track.seconds, return_indices=True)
    return any(
        box_iou(one.track.boxes[i][None], other.track.boxes[j][None])[0, 0] >= SAME_IOU
        for i, j in zip(mine, theirs, strict=True)
    )


def _where(sighting: Sighting) -> str:
    track = sighting.track
    box = ", ".join(f"{value:.0f}" for value in track.boxes[len(track.boxes) // 2])
    score = float(track.scores.mean())
    return (
        f"{track.seconds[0]:.1f} to {track.seconds[-1]:.1f} s, {len(track.seconds)} detections of score {score:.2f}, "
        f"at ({box})"
    )
