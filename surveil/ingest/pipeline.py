"""The whole way of one piece of footage: decode, find people, follow them, describe their best crops."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

import numpy as np

from surveil.errors import FootageReadError
from surveil.footage.container import AGAIN
from surveil.footage.crops_folder import CropReader, FolderCrop
from surveil.footage.decode import FootageReader, place_of
from surveil.footage.motion import MotionGate
from surveil.ingest.describe import DescribesPeople, describe_tracks, make_tracker
from surveil.ingest.looking import Looking
from surveil.ingest.not_people import NotPeople
from surveil.ingest.prefetch import prefetch
from surveil.ingest.sparing import Sparing, SparingModel
from surveil.patience import HangsError
from surveil.people.crops import picture_quality
from surveil.settings import Settings
from surveil.types import Crop, Detections, Frame, Image, ReadResult, Sighting, Source, State, Track

BATCH_SIZE = 8
"""Frames given to the detector together, and decoded ahead of it."""
BATCH_BYTES = 128 * 2**20
"""Frames of a batch take so much memory at most, and so do those decoded ahead of the detector, and those that people
were found in ahead of the tracker; one frame may be larger."""
BATCHES_AHEAD = 4
"""So many batches may the detector be ahead of what is done with its people: describing comes in bursts."""
CROP_BATCH_SIZE = 64
"""Crops given to the model together."""
PART_SECONDS = 5.0
"""So often, in seconds of the footage, work can be interrupted without loss."""
STATE_FORMAT = 6
"""Of what is stored to go on from; a release that stores something else counts it up, and older ones begin anew."""
DECISIVE_SETTINGS = (
    "fps",
    "stated_fps",
    "gate_threshold",
    "gate_forced_seconds",
    "track_min_detections",
    "crops_per_track",
    "leave_out_things",
    "detector",
    "detector_image_size",
    "detector_min_score",
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Searched:
    """A batch of frames, who was found in each, and how `Looking` stood then."""

    frames: list[Frame]
    found: list[Detections]
    looking: State


class DetectsPeople(Protocol):
    """Finds people in pictures."""

    def detect(self, images: Sequence[Image]) -> list[Detections]: ...


@dataclass(frozen=True, slots=True)
class Step:
    """A step through footage.

    Attributes:
        sightings: Those that are complete now.
        done: How much of the footage is done, 0 to 1.
        seconds: The moment of the footage that was reached.
        state: Where this is a place from which another process can go on: gives, before the next step is taken, what
            that process needs. All sightings that are complete were given then.
    """

    sightings: list[Sighting]
    done: float
    seconds: float = 0.0
    state: Callable[[], State] | None = None


class Pipeline:
    """Turns footage into sightings; what it needs of memory does not depend on how long the footage is.

    Threads may process footage at once, and share the networks.

    Args:
        load_detector: Gives the detector; called when the first video comes.
        load_model: Gives the model; called when the first sighting is described.
        settings: Sampling rate, gate, tracks and crops.
        gate: Whether frames without motion are passed over.
    """

    def __init__(
        self,
        load_detector: Callable[[], DetectsPeople],
        load_model: Callable[[], DescribesPeople],
        settings: Settings,
        *,
        gate: bool = True,
    ) -> None:
        self._detector, self._model = _once(load_detector), _once(load_model)
        self.settings, self.gate = settings, gate
        self.detecting, self.describing = Sparing("person detector"), Sparing("appearance model")

    @property
    def detector(self) -> DetectsPeople:
        """The person detector, loaded when it is first asked for."""
        return self._detector()

    @property
    def model(self) -> DescribesPeople:
        """The appearance model, loaded when it is first asked for."""
        return self._model()

    @property
    def recipe(self) -> State:
        """What decides, besides the networks' weights, which sightings come out."""
        return {
            "format": STATE_FORMAT,
            "gate": self.gate,
            **{name: getattr(self.settings, name) for name in DECISIVE_SETTINGS},
        }

    def process(self, source: Source, state: State | None = None) -> Processing:
        """The footage's way through the pipeline; nothing is read before its steps are asked for.

        Args:
            source: The footage.
            state: Where to go on, from a step of a pipeline with the same recipe; what comes then is exactly what would
                have come there.
        """
        return (VideoProcessing if source.kind == "video" else CropsProcessing)(self, source, state)


class Processing:
    """One piece of footage on its way. `steps` does the work; the attributes say at any time how far it came.

    Attributes:
        result: What reading the footage came to so far.
        short_tracks: Tracks dropped because they had too few detections, or no crop that shows enough.
        not_people: Tracks left out because they never moved and look like nobody.
    """

    def __init__(self, pipeline: Pipeline, source: Source, reader: FootageReader | CropReader) -> None:
        self._pipeline, self._source, self._reader = pipeline, source, reader
        self._waiting: list[Track] = []
        self._left_out = NotPeople()

    @property
    def result(self) -> ReadResult:
        read = self._reader.result
        return dataclasses.replace(read, warnings=(*self._source.warnings, *read.warnings, *self._left_out.warnings()))

    @property
    def not_people(self) -> int:
        return len(self._left_out)

    @property
    def short_tracks(self) -> int:
        return 0

    def steps(self) -> Generator[Step, None, None]:
        """Do the work, step by step.

        Raises:
            FootageError: The footage cannot be read. What the attributes say still holds.
            CheckpointError: The detector or the model cannot be loaded.
        """
        raise NotImplementedError

    def _described(self, *, at_least: int) -> list[Sighting]:
        """Sightings of the tracks that wait, once these have so many crops: few together are slow to describe."""
        if not self._waiting or sum(len(track.crops) for track in self._waiting) < at_least:
            return []
        tracks, self._waiting = self._waiting, []
        model = SparingModel(self._pipeline.model, self._pipeline.describing, self._source.path)
        settings = self._pipeline.settings
        # A folder of crops was cut out by somebody who knew that they show people.
        left_out = self._left_out if settings.leave_out_things and self._source.kind == "video" else None
        return describe_tracks(model, tracks, settings.crops_per_track, left_out)


class VideoProcessing(Processing):
    """A video on its way: batches of frames, the people in them followed until they are gone."""

    _reader: FootageReader

    def __init__(self, pipeline: Pipeline, source: Source, state: State | None) -> None:
        settings = pipeline.settings
        gate = MotionGate(settings.gate_threshold, settings.gate_forced_seconds) if pipeline.gate else None
        after = None if state is None else state["after"]
        super().__init__(
            pipeline,
            source,
            FootageReader(
                source.path,
                fps=settings.fps,
                gate=gate,
                stated_fps=settings.stated_fps,
                after=after,
                max_pixels=settings.max_pixels,
            ),
        )
        self._tracker = make_tracker(settings)
        self._looking = Looking(self._detect)
        self._part_begins = 0.0
        if state is not None:
            self._part_begins = state["seconds"]
            self._looking.restore(state["looking"])
            self._tracker.restore(state["tracker"])
            self._left_out.restore(state["not_people"])

    @property
    def short_tracks(self) -> int:
        return self._tracker.dropped

    def steps(self) -> Generator[Step, None, None]:
        with self._reader as reader, self._frames(reader) as frames, self._searched(frames) as searched:
            for batch in searched:
                for frame, people in zip(batch.frames, batch.found, strict=True):
                    self._waiting += self._tracker.update(frame, people)
                last = batch.frames[-1]
                done = min(1.0, last.seconds / reader.stated_duration) if reader.stated_duration else 0.0
                # Where parts end depends on the footage alone, so that crops are described in the same company always.
                if last.seconds - self._part_begins < PART_SECONDS:
                    yield Step(self._described(at_least=CROP_BATCH_SIZE), done, last.seconds)
                else:
                    self._part_begins = last.seconds
                    yield Step(
                        self._described(at_least=0), done, last.seconds, partial(self._state, last, batch.looking)
                    )
        self._waiting += self._tracker.finish()
        yield Step(self._described(at_least=0), 1.0)

    @contextmanager
    def _frames(self, reader: FootageReader) -> Iterator[Iterator[Frame]]:
        """The frames, decoded ahead, as long as decoding gets on."""
        patience = self._pipeline.settings.patience_seconds
        decoded = prefetch(
            reader,
            BATCH_SIZE,
            max_bytes=BATCH_BYTES,
            size_of=_bytes,
            last_sign=lambda: reader.last_sign,
            patience=patience,
        )
        try:
            with decoded as frames:
                yield frames
        except HangsError as error:
            reader.leave_behind()
            what = (
                f"decoding hangs after {reader.result.duration:.1f} s: it took longer than {patience:g} s for one frame"
            )
            raise FootageReadError(what, self._source.path, AGAIN) from error

    @contextmanager
    def _searched(self, frames: Iterable[Frame]) -> Iterator[Iterator[Searched]]:
        """Batches with the people in them; the detector has threads of its own, and hardly ever waits for the rest."""
        found = (
            Searched(batch, people, self._looking.state())
            for batch, people in self._looking.look(batches(frames, BATCH_SIZE, BATCH_BYTES))
        )
        with prefetch(found, BATCHES_AHEAD, max_bytes=BATCH_BYTES, size_of=_bytes_of_batch) as searched:
            yield searched

    def _detect(self, pictures: Sequence[Image]) -> list[Detections]:
        return self._pipeline.detecting.run(self._pipeline.detector.detect, pictures, self._source.path)

    def _state(self, last: Frame, looking: State) -> State:
        return {
            "after": place_of(last),
            "seconds": last.seconds,
            "looking": looking,
            "tracker": self._tracker.state(),
            "not_people": self._left_out.state(),
        }


class CropsProcessing(Processing):
    """A folder of crops on its way: each picture is a sighting of its own."""

    _reader: CropReader

    def __init__(self, pipeline: Pipeline, source: Source, state: State | None) -> None:
        after, unreadable = (-1, ()) if state is None else (state["crop"], state["unreadable"])
        reader = CropReader(source, max_pixels=pipeline.settings.max_pixels, after=after, unreadable=unreadable)
        super().__init__(pipeline, source, reader)
        self._count = len(source.crops)

    def steps(self) -> Generator[Step, None, None]:
        with prefetch(self._reader, CROP_BATCH_SIZE, max_bytes=BATCH_BYTES, size_of=_bytes) as crops:
            for crop in crops:
                self._waiting.append(_track_of(crop))
                if len(self._waiting) == CROP_BATCH_SIZE:
                    done = (crop.index + 1) / self._count
                    yield Step(self._described(at_least=0), done, crop.seconds, partial(self._state, crop.index))
        yield Step(self._described(at_least=0), 1.0)

    def _state(self, last: int) -> State:
        return {"crop": last, "unreadable": self._reader.unreadable(last)}


def batches(frames: Iterable[Frame], max_frames: int, max_bytes: int) -> Iterator[list[Frame]]:
    """Group frames, depending on nothing but the frames: a network's answers may depend on what is in the batch."""
    batch: list[Frame] = []
    size = 0
    for frame in frames:
        if batch and (len(batch) == max_frames or size + _bytes(frame) > max_bytes):
            yield batch
            batch, size = [], 0
        batch.append(frame)
        size += _bytes(frame)
    if batch:
        yield batch


def _once(make: Callable[[], T]) -> Callable[[], T]:
    """Gives what is made when the first one asks for it; threads that ask meanwhile wait."""
    made: list[T] = []
    lock = threading.Lock()

    def get() -> T:
        with lock:
            if not made:
                made.append(make())
            return made[0]

    return get


def _bytes(picture: Frame | FolderCrop) -> int:
    return picture.image.nbytes


def _bytes_of_batch(searched: Searched) -> int:
    return sum(map(_bytes, searched.frames))


def _track_of(crop: FolderCrop) -> Track:
    """A picture of a folder of crops as a track of one detection, which fills the picture."""
    height, width = crop.image.shape[:2]
    box = np.array([0, 0, width, height], np.float32)
    only = Crop(crop.image, crop.seconds, box, picture_quality(crop.image))
    return Track(np.array([crop.seconds]), box[None], np.ones(1, np.float32), (only,))
