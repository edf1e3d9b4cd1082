"""The frames of a video: decoded packet by packet, so that a bad one costs only itself, with exact times; every frame
is counted, and only those that are to be looked at become pictures.
"""

from __future__ import annotations

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
from surveil.types import Frame, FrameCounts, Image

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
        print(reader.counts, reader.duration, reader.warnings)

    Args:
        path: The video file.
        fps: Frames per second that are to be looked at.
        gate: The motion gate, new for each footage; None looks at every sampled frame.
        stated_fps: Frames per second of a raw stream, which has no timestamps.

    Attributes:
        counts: What became of the frames so far; decoded = processed + gated + sampled_out at every moment.
        warnings: What is wrong with the footage; complete when the iteration is.
        stated_duration: Seconds that the container claims, None if it does not: for progress only.

    Raises:
        FootageError: On entering: it cannot be opened. After the iteration: no frame could be decoded.
    """

    def __init__(self, path: Path, *, fps: float, gate: MotionGate | None = None, stated_fps: float = 25.0) -> None:
        self.path = path
        self.counts = FrameCounts()
        self.warnings: list[str] = []
        self.stated_duration: float | None = None
        self._fps = fps
        self._gate = gate
        self._stated_fps = stated_fps
        self._interval = -1
        self._reformatter = VideoReformatter()
        self._losses = _Losses()

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
    def duration(self) -> float:
        """Seconds of footage decoded so far."""
        return self._times.duration

    def __iter__(self) -> Iterator[Frame]:
        for decoded in self._decode():
            index = self.counts.decoded
            seconds = self._times.seconds(decoded, late=index == 0 and self.counts.unreadable > 0)
            self._losses.found(seconds, damaged=decoded.is_corrupt)
            self.counts.decoded += 1
            if not self._is_due(seconds):
                self.counts.sampled_out += 1
            elif self._gate is not None and not self._gate.passes(luma_of(decoded), seconds):
                self.counts.gated += 1
            else:
                self.counts.processed += 1
                yield Frame(index, seconds, self._picture(decoded))
        self._conclude()

    def _decode(self) -> Iterator[av.VideoFrame]:
        for packet in self._packets():
            try:
                frames = packet.decode()
            except FFmpegError:
                self.counts.unreadable += 1
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
                self._losses.lost()
                packets = self._container.demux(self._stream)
                continue
            if packet is None:
                return
            errors = 0
            yield packet
        self.warnings.append("the container is broken: reading stopped where it could not be followed any more")

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

    def _conclude(self) -> None:
        if not self.counts.decoded:
            raise FootageError("no frame can be decoded", self.path, "The file is damaged, or no video.")
        times = self._times
        if times.stated:
            self.warnings.append(f"no timestamps in the file: times follow the stated rate, {self._stated_fps:g} fps")
        elif times.invented:
            self.warnings.append(f"{times.invented} frames without a time: each follows the one before it")
        if times.restarts:
            self.warnings.append(f"the clock of the file runs back {times.restarts} times: read as continuous")
        if times.gaps:
            self.warnings.append(f"no frames {_ranges(times.gaps)}")
        if self._losses.ranges:
            unreadable, flawed = self.counts.unreadable, self._losses.flawed
            self.warnings.append(
                f"damaged: {unreadable} frames unreadable, {flawed} with errors in the picture, "
                f"{_ranges(self._losses.ranges)}"
            )
        missing = (self.stated_duration or 0.0) - times.duration
        if missing > MISSING_SECONDS:
            self.warnings.append(
                f"cut off: the container says {self.stated_duration:.1f} s, frames end at {times.duration:.1f} s "
                f"({missing:.1f} s missing)"
            )


class _Losses:
    """Where frames were lost or damaged: ranges from the last good frame before to the first good one after."""

    def __init__(self) -> None:
        self.flawed = 0
        self.ranges: list[tuple[float, float]] = []
        self._good = 0.0
        self._open = False

    def lost(self) -> None:
        if not self._open:
            self.ranges.append((self._good, self._good))
            self._open = True

    def found(self, seconds: float, damaged: bool) -> None:
        if damaged:
            self.flawed += 1
            self.lost()
        if self._open:
            self.ranges[-1] = (self.ranges[-1][0], seconds)
        if not damaged:
            self._good, self._open = seconds, False


def _ranges(ranges: list[tuple[float, float]], shown: int = 5) -> str:
    text = ", ".join(f"between {begin:.2f} s and {end:.2f} s" for begin, end in ranges[:shown])
    return text if len(ranges) <= shown else f"{text} and in {len(ranges) - shown} more places"
