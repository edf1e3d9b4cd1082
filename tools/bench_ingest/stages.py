"""One file, taken apart: what each stage of its ingest takes alone, and what the whole takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from surveil.footage.decode import FootageReader
from surveil.footage.motion import MotionGate
from surveil.ingest.describe import describe_tracks, make_tracker
from surveil.ingest.looking import Looking
from surveil.ingest.pipeline import BATCH_BYTES, BATCH_SIZE, CROP_BATCH_SIZE, batches
from surveil.model.embed import as_images
from surveil.store.models import ModelRef
from surveil.store.register import register_footage
from surveil.store.writer import Writer
from surveil.types import Detections, Frame, Sighting, Track
from tools.bench_ingest.bench import Bench, Taken, timed
from tools.bench_ingest.gate import source_of


@dataclass(frozen=True, slots=True)
class Stages:
    """What the stages of one file take, each run alone, one after the other; and all of them together.

    Attributes:
        frames: How many were looked at.
        crops: How many were described.
        sightings: How many were stored.
        taken: By stage. `decode`: decoding, the gate, and making pictures of the frames that are looked at. `detect`:
            the detector alone, on these frames in the batches of an ingest; `forward`: its network alone, the pictures
            scaled before and nothing done with the answers. `track`: following people and cutting out crops.
            `describe`: the appearance model, with all that is done to crops before and after; `embed`: its network
            alone. `write`: pictures and rows. `whole`: the ingest.
    """

    frames: int
    crops: int
    sightings: int
    taken: dict[str, Taken]


def take_apart(bench: Bench, path: Path, rounds: int) -> Stages:
    """Run every stage, and the whole, so many times in turns; the best round of each counts."""
    best: dict[str, Taken] = {}
    counts = (0, 0, 0)
    bench.detector.detect([next(iter(_frames(bench, path))).image])  # it is compiled for this size
    for _ in range(rounds):
        taken, counts = _round(bench, path)
        best = {name: Taken.least(best.get(name), one) for name, one in taken.items()}
    return Stages(*counts, best)


def _round(bench: Bench, path: Path) -> tuple[dict[str, Taken], tuple[int, int, int]]:
    taken: dict[str, Taken] = {}

    def stage(name: str, action: Callable[[], Any]) -> Any:
        result, taken[name] = timed(action)
        return result

    frames: list[Frame] = stage("decode", lambda: _frames(bench, path))
    in_batches = list(batches(iter(frames), BATCH_SIZE, BATCH_BYTES))
    groups = [[frame.image for frame in batch if not frame.is_still] for batch in in_batches]
    [report], taken["whole"] = bench.ingest([path])
    looking = Looking(bench.detector.detect)
    found = stage("detect", lambda: [people for _, found in looking.look(in_batches) for people in found])
    scaled = [np.stack([bench.detector.scaled(image) for image in group]) for group in groups if group]
    stage("forward", lambda: [bench.detector.runtime(batch) for batch in scaled])
    tracks: list[Track] = stage("track", lambda: _track(bench, frames, found))
    crops = [crop.image for track in tracks for crop in track.crops]
    sightings = stage("describe", lambda: describe_tracks(bench.model, tracks, bench.settings.crops_per_track))
    parts = [crops[first : first + CROP_BATCH_SIZE] for first in range(0, len(crops), CROP_BATCH_SIZE)]
    prepared = [as_images(part, bench.model.card.input_size) for part in parts]
    stage("embed", lambda: [bench.model.runtime(images) for images in prepared])
    with bench.archive() as archive:
        writer = Writer(archive.database, archive.media, ModelRef("bench", "0" * 64))
        number, _ = register_footage(archive.database, source_of(path))
        stage("write", lambda: _write(writer, number, sightings))
    return taken, (report.frames.processed, len(crops), report.sightings)


def _frames(bench: Bench, path: Path) -> list[Frame]:
    settings = bench.settings
    gate = MotionGate(settings.gate_threshold, settings.gate_forced_seconds)
    with FootageReader(path, fps=settings.fps, gate=gate) as reader:
        return list(reader)


def _track(bench: Bench, frames: list[Frame], found: list[Detections]) -> list[Track]:
    tracker = make_tracker(bench.settings)
    ended = [track for frame, people in zip(frames, found, strict=True) for track in tracker.update(frame, people)]
    return ended + tracker.finish()


def _write(writer: Writer, number: int, sightings: list[Sighting]) -> None:
    output = writer.begin(number)
    for sighting in sightings:
        output.add(sighting)
    with writer.database.session() as session:
        output._store_rows(session)
