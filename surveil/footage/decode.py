"""The frames of a video: decoded packet by packet, so that a bad one costs only itself, with exact times; every frame
is counted, and only those that are to be looked at become pictures.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.error import FFmpegError
from av.video.reformatter import VideoReformatter

from surveil.errors import FootageError
from surveil.footage.container import claimed_duration, open_video
from surveil.footage.motion import MotionGate, luma_of
from surveil.footage.timestamps import FrameTimes
from surveil.footage.warnings import place_warnings
from surveil.types import FootageWarning, Frame, FrameCounts, Image, ReadResult

MISSING_SECONDS = 0.5
"""Footage that ends this much before its container says is reported as cut off."""
MAX_DEMUX_ERRORS = 100
"""So many errors of the container in a row mean that nothing more can be read."""


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
        after: Number of a frame; those up to it were looked at before, and are decoded and counted but not yielded.

    Attributes:
        stated_duration: Seconds that the container claims, None if it does not: for progress only.

    Raises:
        FootageError: On entering: it cannot be opened. After the iteration: no frame could be decoded.
    """

    def __init__(
        self, path: Path, *, fps: float, gate: MotionGate | None = None, stated_fps: float = 25.0, after: int = -1
    ) -> None:
        self.path = path
        self.stated_duration: float | None = None
        self._counts = FrameCounts()
        self._container_broken = self._ended = False
        self._fps = fps
        self._gate = gate
        self._stated_fps = stated_fps
        self._after = after
        self._interval = -1
        self._reformatter = VideoReformatter()
        self._losses = _Losses()
        self._times: FrameTimes | None = None

    def __enter__(self) -> FootageReader:
        self._container, self._stream = open_video(self.path)
        self._stream.thread_type = "AUTO"
        self._times = FrameTimes(self._container, self._stream, self._stated_fps)
        self.stated_duration = claimed_duration(self._container, self._stream)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    @property
    def result(self) -> ReadResult:
        """Counts, duration and warnings so far; decoded = processed + gated + sampled_out at every moment.

        That the footage is cut off shows only at its end.
        """
        duration = self._times.duration if self._times is not None else 0.0
        return ReadResult(dataclasses.replace(self._counts), duration, tuple(self._warnings()))

    def __iter__(self) -> Iterator[Frame]:
        if self._times is None:
            raise RuntimeError("the reader is not open: use it in a with statement")
        for decoded in self._decode():
            index = self._counts.decoded
            seconds = self._times.seconds(decoded, late=index == 0 and self._counts.unreadable > 0)
            self._losses.found(seconds, damaged=decoded.is_corrupt)
            self._counts.decoded += 1
            if not self._is_due(seconds):
                self._counts.sampled_out += 1
            elif self._gate is not None and not self._gate.passes(luma_of(decoded), seconds):
                self._counts.gated += 1
            else:
                self._counts.processed += 1
                if index > self._after:
                    yield Frame(index, seconds, self._picture(decoded))
        self._ended = True
        if not self._counts.decoded:
            raise FootageError("no frame can be decoded", self.path, "The file is damaged, or no video.")

    def _decode(self) -> Iterator[av.VideoFrame]:
        for packet in self._packets():
            try:
                frames = packet.decode()
            except FFmpegError:
                self._counts.unreadable += 1
                self._losses.lost()
                continue
            yield from frames

    def _packets(self) -> Iterator[av.Packet[av.VideoStream]]:
        """The stream's packets, the flushing one last; an error of the container is passed over."""
        packets = self._container.demux(self._stream)
        errors = 0
        while errors < MAX_DEMUX_ERRORS:
            try:
                packet = next(packets, None)
            except FFmpegError:
                errors += 1
                self._losses.broken()
                packets = self._container.demux(self._stream)
                continue
            if packet is None:
                return
            errors = 0
            yield packet
        self._container_broken = True

    def _is_due(self, seconds: float) -> bool:
        interval = int(seconds * self._fps + 1e-6)
        due = interval > self._interval
        self._interval = max(interval, self._interval)
        return due

    def _picture(self, frame: av.VideoFrame) -> Image:
        # One thread: several are hardly faster, and some of swscale's conversions then differ from run to run.
        picture = self._reformatter.reformat(frame, format="bgr24", threads=1).to_ndarray().astype(np.uint8, copy=False)
        quarter_turns = round(frame.rotation / 90) % 4
        return np.ascontiguousarray(np.rot90(picture, quarter_turns)) if quarter_turns else picture

    def _warnings(self) -> Iterator[FootageWarning]:
        times = self._times
        if times is None:
            return
        if self._container_broken:
            yield FootageWarning("container_broken", times.last)
        if times.stated:
            yield FootageWarning("stated_fps", detail={"fps": self._stated_fps})
        elif times.invented:
            yield FootageWarning("invented_times", detail={"frames": times.invented})
        if times.restarts:
            yield FootageWarning("clock_jump", detail={"times": times.restarts})
        yield from place_warnings([FootageWarning("gap", begin, end) for begin, end in times.gaps])
        yield from place_warnings(self._losses.warnings())
        if self._ended and (self.stated_duration or 0.0) - times.duration > MISSING_SECONDS:
            yield FootageWarning("truncated", times.duration, self.stated_duration)


class _Losses:
    """Where frames were lost or damaged: ranges from the last good frame before to the first good one after."""

    def __init__(self) -> None:
        self._places: list[_Loss] = []
        self._good = 0.0
        self._open = False

    def lost(self) -> None:
        """A frame could not be decoded."""
        self._place().unreadable += 1

    def broken(self) -> None:
        """The container could not be followed; how many frames that cost is not known."""
        self._place()

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
