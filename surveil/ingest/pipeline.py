"""The whole way of one piece of footage: decode, find people, follow them, describe their best crops."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Protocol, TypeVar

import numpy as np

from surveil.footage.crops_folder import CropReader, FolderCrop
from surveil.footage.decode import FootageReader
from surveil.footage.motion import MotionGate
from surveil.ingest.ahead import read_ahead
from surveil.ingest.switches import ONE_PERSON, cut_switches
from surveil.model.embed import summarise
from surveil.people.crops import picture_quality
from surveil.people.track import Tracker
from surveil.settings import Settings
from surveil.types import Appearance, Crop, Detections, FootageReport, Image, Sighting, Source, Track

T = TypeVar("T")
FRAMES_AT_ONCE = 8
"""Frames given to the detector together, and decoded ahead of it."""
CROPS_COMPARED = 2
"""Crops described for each one that is kept: those that are not tell whether a track passed to another person."""
CROPS_AT_ONCE = 64
"""Crops given to the model together."""


class Detector(Protocol):
    """Finds people in pictures."""

    def detect(self, images: Sequence[Image]) -> list[Detections]: ...


class Model(Protocol):
    """Says what the people on crops look like."""

    def describe(self, crops: Sequence[Image]) -> list[Appearance]: ...

    def similarity_of(self, probability: float) -> float | None: ...


class Pipeline:
    """Turns footage into sightings; what it needs of memory does not depend on how long the footage is.

    Args:
        load_detector: Gives the detector; called when the first video comes.
        load_model: Gives the model; called when the first footage comes.
        settings: Sampling rate, gate, tracks and crops.
        gate: Whether frames without motion are passed over.
    """

    def __init__(
        self,
        load_detector: Callable[[], Detector],
        load_model: Callable[[], Model],
        settings: Settings,
        *,
        gate: bool = True,
    ) -> None:
        self._load_detector, self._load_model = load_detector, load_model
        self._settings, self._gate = settings, gate

    @cached_property
    def _detector(self) -> Detector:
        return self._load_detector()

    @cached_property
    def _model(self) -> Model:
        return self._load_model()

    def process(
        self, source: Source, report: FootageReport, progress: Callable[[float], None]
    ) -> Generator[Sighting, None, None]:
        """Yield what is seen in the footage, as tracks end.

        Args:
            source: The footage.
            report: Gets the frame counts, duration and warnings; what is in it holds even if the iteration fails.
            progress: Called now and then with the part that is done, 0 to 1; it may raise to stop the work.

        Raises:
            FootageError: The footage cannot be read.
            CheckpointError: The detector or the model cannot be loaded.
        """
        read = self._tracks if source.kind == "video" else self._pictures
        pending: list[Track] = []
        for track in read(source, report, progress):
            pending.append(track)
            if sum(len(track.crops) for track in pending) >= CROPS_AT_ONCE:
                yield from self._describe(pending)
                pending = []
        yield from self._describe(pending)

    def _tracks(self, source: Source, report: FootageReport, progress: Callable[[float], None]) -> Iterator[Track]:
        settings = self._settings
        gate = MotionGate(settings.gate_threshold, settings.gate_forced_seconds) if self._gate else None
        tracker = Tracker(
            fps=settings.fps,
            gap_seconds=2 * settings.gate_forced_seconds,
            min_detections=settings.track_min_detections,
            crops=CROPS_COMPARED * settings.crops_per_track,
        )
        with FootageReader(source.path, fps=settings.fps, gate=gate, stated_fps=settings.stated_fps) as reader:
            report.frames, report.warnings = reader.counts, reader.warnings
            with read_ahead(reader, FRAMES_AT_ONCE) as frames:
                for batch in _batches(frames, FRAMES_AT_ONCE):
                    found = self._detector.detect([frame.image for frame in batch])
                    for frame, people in zip(batch, found, strict=True):
                        yield from tracker.update(frame, people)
                    if reader.stated_duration:
                        progress(min(1.0, batch[-1].seconds / reader.stated_duration))
            report.duration = reader.duration
        yield from tracker.finish()
        report.short_tracks = tracker.dropped

    def _pictures(self, source: Source, report: FootageReport, progress: Callable[[float], None]) -> Iterator[Track]:
        reader = CropReader(source)
        report.frames, report.warnings, report.duration = reader.counts, reader.warnings, reader.duration
        with read_ahead(reader, CROPS_AT_ONCE) as crops:
            for done, crop in enumerate(crops, start=1):
                yield _track_of(crop)
                if done % CROPS_AT_ONCE == 0:
                    progress(done / len(source.crops))

    def _describe(self, tracks: list[Track]) -> Iterator[Sighting]:
        appearances = iter(self._model.describe([crop.image for track in tracks for crop in track.crops]))
        least = self._model.similarity_of(ONE_PERSON)
        for track in tracks:
            of_crops = list(islice(appearances, len(track.crops)))
            parts = [(track, of_crops)] if least is None else cut_switches(track, of_crops, least)
            for part, looks in parts:
                yield _sighting(part, looks, self._settings.crops_per_track)


def _sighting(track: Track, appearances: Sequence[Appearance], most: int) -> Sighting:
    """The track with the best of its crops, best first, and what these say."""
    order = sorted(range(len(track.crops)), key=lambda index: -track.crops[index].quality)[:most]
    crops = tuple(track.crops[index] for index in order)
    looks = summarise([appearances[index] for index in order], [crop.quality for crop in crops])
    return Sighting(dataclasses.replace(track, crops=crops), looks)


def _track_of(crop: FolderCrop) -> Track:
    """A picture of a folder of crops as a track of one detection, which fills the picture."""
    height, width = crop.image.shape[:2]
    box = np.array([0, 0, width, height], np.float32)
    only = Crop(crop.image, crop.seconds, box, picture_quality(crop.image))
    return Track(np.array([crop.seconds]), box[None], np.ones(1, np.float32), (only,))


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
