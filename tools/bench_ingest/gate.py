"""Whom the motion gate costs: everybody whom an ungated run finds, looked for in what a gated run finds.

A second gated run lets nothing pass as motion and forces a look at every frame, so that the comparison which spares the
detector still frames decides about each of them alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from surveil.boxes import box_iou
from surveil.cli.output import write_table
from surveil.ingest.pipeline import Pipeline
from surveil.people.detect import PersonDetector
from surveil.types import Detections, Image, Sighting, Source
from tools.bench_ingest.bench import Bench

SAME_IOU = 0.5
COLUMNS = ("footage", "gate", "frames", "detected in", "of", "sightings ungated", "gated", "found again", "missed")
GATES = ("as set", "still frames spared, nothing else")


def measure(bench: Bench, footage: list[Path]) -> None:
    """Print two lines for each video, and where those were whom a gate missed."""
    rows, missed = [], []
    for path in footage:
        everybody, _, of = _run(bench, path, gate=False)
        for name in GATES:
            gated, frames, detected = _run(bench, path, gate=True, only_still=name != GATES[0])
            lost = [sighting for sighting in everybody if not any(_is_same(sighting, other) for other in gated)]
            counts = (frames, detected, of, len(everybody), len(gated), len(everybody) - len(lost), len(lost))
            rows.append([path.name, name, *map(str, counts)])
            missed += [f"missed in {path.name}, {name}: {_where(sighting)}" for sighting in lost]
    write_table(COLUMNS, rows, right=COLUMNS[2:])
    for line in missed:
        print(line)


def _run(bench: Bench, path: Path, *, gate: bool, only_still: bool = False) -> tuple[list[Sighting], int, int]:
    """Sightings, frames that were looked at, and pictures that the detector saw."""
    detector = _Counting(bench.detector)
    settings = bench.settings.model_copy(update={"gate_threshold": 1.0} if only_still else {})
    processing = Pipeline(lambda: detector, lambda: bench.model, settings, gate=gate).process(source_of(path))
    if only_still:
        processing._reader._gate.forced_seconds = 0.0  # type: ignore[union-attr]  # the tracker's gap stays as it is
    sightings = [sighting for step in processing.steps() for sighting in step.sightings]
    return sightings, processing.result.frames.processed, detector.seen


class _Counting:
    """A detector that counts what it sees."""

    def __init__(self, detector: PersonDetector) -> None:
        self._detector, self.seen = detector, 0

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        self.seen += len(images)
        return self._detector.detect(images)


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
