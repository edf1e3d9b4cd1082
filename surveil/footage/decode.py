"""The frames of a video: decoded packet by packet, so that a bad one costs only itself, with exact times; every frame
is counted, and only those that are to be looked at become pictures.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.error import ExitError, FFmpegError
from av.video.reformatter import VideoReformatter

from surveil.errors import FootageError
from surveil.footage.container import VideoFile, open_video, scope_of
from surveil.footage.motion import Look, MotionGate, luma_of
from surveil.footage.seek import STEPS_BACK, digest_of, frames_after
from surveil.footage.timestamps import FrameLoss, FrameTimes
from surveil.footage.warnings import place_warnings
from surveil.formatting import printable
from surveil.images import MAX_PIXELS
from surveil.types import FootageWarning, Frame, FrameCounts, Image, ReadResult, State

MISSING_SECONDS = 0.5
"""Footage that ends this much before its container says is reported as cut off."""
MAX_DEMUX_ERRORS = 100
"""So many errors of the container in a row mean that nothing more can be read."""
MAX_PARALLEL_PIXELS = 10_000_000
"""Frames with more are decoded one after the other."""

log = logging.getLogger(__name__)


class FootageReader:
    """Reads a video frame by frame; memory use does not depend on its length.

    Iterating yields the frames that are to be processed. The others are decoded and counted: left out by the sampling
    rate (of each interval of 1/fps seconds the first frame is taken, by the frames' own times) or by the motion gate.

    Example:
        with FootageReader(path, fps=5, gate=MotionGate(0.001, 4)) as reader:
            for frame in reader:
                ...
        print(reader.result)

    Args:
        path: The video file.
        fps: Frames per second that are to be looked at.
        gate: The motion gate, new for each footage; None looks at every sampled frame.
        stated_fps: Frames per second of a raw stream, which has no timestamps.
        after: The frame after which to go on, by `place_of`; those up to it were looked at before. Where reading cannot
            begin at a keyframe before it, all of them are decoded and counted, but not yielded.
        max_pixels: So many pixels may a frame have.

    Attributes:
        stated_duration: Seconds that the container claims, None if it does not: for progress only.
        last_sign: When reading last got on, by `time.monotonic`.

    Raises:
        FootageReadError: The system could not read the file to its end: what was yielded is not all.
        FootageError: On entering: it cannot be opened. After the iteration: no frame could be decoded.
    """

    def __init__(
        self,
        path: Path,
        *,
        fps: float,
        gate: MotionGate | None = None,
        stated_fps: float = 25.0,
        after: State | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        self.path = path
        self.stated_duration: float | None = None
        self.last_sign = time.monotonic()
        self._fps, self._gate = fps, gate
        self._stated_fps, self._max_pixels = stated_fps, max_pixels
        self._counts = FrameCounts()
        self._losses = _Losses()
        self._container_broken = self._ended = self._hangs = False
        self._after = after
        self._interval = -1
        self._reformatter = VideoReformatter()
        self._open: tuple[VideoFile, FrameTimes] | None = None

    def __enter__(self) -> FootageReader:
        video = self._opened()
        self._open = video, FrameTimes(video.container, video.stream, self._stated_fps)
        self.stated_duration = video.claimed_duration
        return self

    def _opened(self) -> VideoFile:
        video = open_video(self.path, max_pixels=self._max_pixels)
        # Each frame that is decoded at the same time is in memory as a whole, with those that it refers to.
        large = video.stream.width * video.stream.height > MAX_PARALLEL_PIXELS
        video.stream.thread_type = "SLICE" if large else "AUTO"
        return video

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open is not None and not self._hangs:
            self._open[0].__exit__(kind, error, trace)

    def leave_behind(self) -> None:
        """Leave the file open when this is closed, because a thread that hangs may still be at it."""
        self._hangs = True

    @property
    def result(self) -> ReadResult:
        """Counts, duration and warnings so far; decoded = processed + gated + sampled_out at every moment.

        That the footage is cut off shows only at its end.
        """
        duration = self._open[1].duration if self._open is not None else 0.0
        return ReadResult(dataclasses.replace(self._counts), duration, tuple(self._warnings()))

    def __iter__(self) -> Iterator[Frame]:
        if self._open is None:
            raise RuntimeError("the reader is not open: use it in a with statement")
        with scope_of(self.path):
            decoded_items = self._after_place() or self._decode(self._open[0])
            video, times = self._open
            after = -1 if self._after is None else self._after["index"]
            for item in times.timed(decoded_items):
                if isinstance(item, FrameLoss):
                    self._losses.lost(item)
                    continue
                decoded, seconds = item
                index = self._counts.decoded
                self._losses.found(seconds, damaged=decoded.is_corrupt)
                self._counts.decoded += 1
                if not self._is_due(seconds):
                    self._counts.sampled_out += 1
                elif (look := self._look(decoded, seconds)) is Look.NONE:
                    self._counts.gated += 1
                else:
                    self._counts.processed += 1
                    if index > after:
                        place = self._place(decoded, index, times)
                        yield Frame(index, seconds, self._picture(decoded), place, is_still=look is Look.STILL)
            video.check_read()
        self._ended = True
        if not self._counts.decoded:
            raise FootageError("no frame can be decoded", self.path, "The file is damaged, or no video.")

    def _place(self, frame: av.VideoFrame, index: int, times: FrameTimes) -> State | None:
        """Where reading stands after a frame, unless more than its time tells: losses before it, or times made up."""
        if not times.is_plain or self._losses.any or self._counts.unreadable or frame.pts is None:
            return None
        return {
            "index": index,
            "pts": frame.pts,
            "interval": self._interval,
            "counts": dataclasses.asdict(self._counts),
            "times": times.state(),
            "gate": None if self._gate is None else self._gate.state(),
        }

    def _after_place(self) -> Iterator[av.VideoFrame | FrameLoss] | None:
        """What comes after the frame to go on from, with everything as it was there; None: all is to be decoded."""
        if self._open is None or self._after is None or "pts" not in self._after:
            return None
        for back in STEPS_BACK:
            video = self._opened()
            items = frames_after(video, self._after["pts"], self._after["digest"], back, self._decode, self._picture)
            if items is not None:
                self._open[0].__exit__(None, None, None)
                self._open = video, self._open[1]
                self._restore(self._after, self._open[1])
                return items
            video.__exit__(None, None, None)
            self._counts = FrameCounts()
        log.warning("%s cannot be gone on with in the middle: it is decoded from its beginning", printable(self.path))
        return None

    def _restore(self, place: State, times: FrameTimes) -> None:
        self._interval = place["interval"]
        self._counts = FrameCounts(**place["counts"])
        times.restore(place["times"])
        self._losses.found(times.last, damaged=False)
        if self._gate is not None:
            self._gate.restore(place["gate"])

    def _decode(self, video: VideoFile) -> Iterator[av.VideoFrame | FrameLoss]:
        for packet in self._packets(video):
            if packet is None:
                yield FrameLoss.CONTAINER
                continue
            try:
                frames = packet.decode()
            except FFmpegError:
                self._counts.unreadable += 1
                yield FrameLoss.PACKET
                continue
            yield from frames

    def _packets(self, video: VideoFile) -> Iterator[av.Packet[av.VideoStream] | None]:
        """The stream's packets, the flushing one last; None where an error of the container is passed over."""
        packets = video.container.demux(video.stream)
        errors = 0
        while errors < MAX_DEMUX_ERRORS:
            try:
                packet = next(packets, None)
            except ExitError:
                raise
            except (FFmpegError, IndexError):  # an IndexError where damage gives rise to a stream that was not there
                video.check_read()
                errors += 1
                yield None
                packets = video.container.demux(video.stream)
                continue
            if packet is None:
                return
            errors = 0
            self.last_sign = time.monotonic()
            yield packet
        self._container_broken = True

    def _is_due(self, seconds: float) -> bool:
        interval = int(seconds * self._fps + 1e-6)
        due = interval > self._interval
        self._interval = max(interval, self._interval)
        return due

    def _look(self, frame: av.VideoFrame, seconds: float) -> Look:
        return Look.NEW if self._gate is None else self._gate.look(luma_of(frame), seconds)

    def _picture(self, frame: av.VideoFrame) -> Image:
        # One thread: several are hardly faster, and some of swscale's conversions then differ from run to run.
        picture = self._reformatter.reformat(frame, format="bgr24", threads=1).to_ndarray().astype(np.uint8, copy=False)
        quarter_turns = round(frame.rotation / 90) % 4
        return np.ascontiguousarray(np.rot90(picture, quarter_turns)) if quarter_turns else picture

    def _warnings(self) -> Iterator[FootageWarning]:
        if self._open is None:
            return
        _, times = self._open
        if self._container_broken:
            yield FootageWarning("container_broken", times.last)
        if times.stated:
            yield FootageWarning("stated_fps", detail={"fps": self._stated_fps})
        elif times.invented:
            yield FootageWarning("invented_times", detail={"frames": times.invented})
        if times.outliers:
            yield FootageWarning("outlier_times", detail={"frames": times.outliers})
        if times.restarts:
            yield FootageWarning("clock_jump", detail={"times": times.restarts})
        yield from place_warnings([FootageWarning("gap", begin, end) for begin, end in times.gaps])
        yield from place_warnings(self._losses.warnings())
        if self._ended and (self.stated_duration or 0.0) - times.duration > MISSING_SECONDS:
            yield FootageWarning("truncated", times.duration, self.stated_duration)


def place_of(frame: Frame) -> State:
    """What `FootageReader` takes as `after`, to go on after a frame that it yielded."""
    if frame.place is None:
        return {"index": frame.index}
    return {**frame.place, "digest": digest_of(frame.image)}


class _Losses:
    """Where frames were lost or damaged: ranges from the last good frame before to the first good one after."""

    def __init__(self) -> None:
        self._places: list[_Loss] = []
        self._good = 0.0
        self._open = False

    @property
    def any(self) -> bool:
        """Whether anything was lost or damaged."""
        return bool(self._places)

    def lost(self, loss: FrameLoss) -> None:
        """A packet could not be decoded, or the container not be followed: how many frames that cost is not known."""
        self._place().unreadable += loss is FrameLoss.PACKET

    def found(self, seconds: float, damaged: bool) -> None:
        """A frame was decoded, perhaps with errors in the picture."""
        if damaged:
            self._place().flawed += 1
        if self._open:
            self._places[-1].end = seconds
        if not damaged:
            self._good, self._open = seconds, False

    def warnings(self) -> list[FootageWarning]:
        return [
            FootageWarning("damaged", loss.begin, loss.end, {"unreadable": loss.unreadable, "flawed": loss.flawed})
            for loss in self._places
        ]

    def _place(self) -> _Loss:
        if not self._open:
            self._places.append(_Loss(self._good, self._good))
            self._open = True
        return self._places[-1]


@dataclasses.dataclass(slots=True)
class _Loss:
    begin: float
    end: float
    unreadable: int = 0
    flawed: int = 0
