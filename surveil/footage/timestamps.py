"""From the times that a container claims to seconds since the first frame, ascending whatever the container claims."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av

GAP_SECONDS = 1.0
GAP_STEPS = 10
"""Between two frames time is missing if the step is longer than both: one second, and ten times the usual step."""


class FrameTimes:
    """Exact times of the frames of one video stream, in the order in which they are decoded.

    Formats without timestamps (raw streams) get the stated rate; so does a frame without a time before any step is
    known, and otherwise it follows its predecessor by the last step. A time that does not ascend (a restarted clock)
    does likewise, and the times after it continue from there.

    Args:
        container: The open container.
        stream: Its video stream.
        stated_fps: Frames per second where the footage does not say.
    """

    def __init__(self, container: av.container.InputContainer, stream: av.VideoStream, stated_fps: float) -> None:
        self.stated = no_timestamps(container)
        # AVI stores frames in decoding order and no presentation time; the decoder hands out its times ascending.
        self._from_dts = container.format.name == "avi"
        self._time_base = stream.time_base or Fraction(1, 90000)
        self._step = 1 / Fraction(stated_fps).limit_denominator(1001)
        self._start = None if stream.start_time is None or self._from_dts else stream.start_time * self._time_base
        self._origin: Fraction | None = None
        self._last: Fraction | None = None
        self.frames = 0
        self.invented = 0
        self.restarts = 0
        self.gaps: list[tuple[float, float]] = []

    @property
    def last(self) -> float:
        """Seconds of the latest frame."""
        return float(self._last or 0)

    @property
    def duration(self) -> float:
        """Seconds from the first frame to the end of the latest, if that lasts as long as the one before it."""
        return float(self._last + self._step) if self._last is not None else 0.0

    def seconds(self, frame: av.VideoFrame, late: bool = False) -> float:
        """The time of the next decoded frame.

        Args:
            frame: The frame as it left the decoder.
            late: Frames before the first one were lost, so that this one is not at 0 but where the stream says.
        """
        time = self._claimed(frame)
        if time is not None and self._origin is None:
            first_known = self._last + self._step if self._last is not None else Fraction(0)
            early = late and self._last is None and self._start is not None and self._start < time
            self._origin = self._start if early else time - first_known
        now = time - self._origin if time is not None and self._origin is not None else None
        if self._last is not None and (now is None or now <= self._last):
            follows = self._last + self._step
            if now is not None and self._origin is not None:
                self.restarts += 1
                self._origin += now - follows
            now = follows
        self.invented += time is None
        now = now if now is not None else Fraction(0)
        self._learn_step(now)
        self._last = now
        self.frames += 1
        return float(now)

    def _claimed(self, frame: av.VideoFrame) -> Fraction | None:
        if self.stated:
            return None
        ticks = frame.dts if self._from_dts or frame.pts is None else frame.pts
        return None if ticks is None else ticks * (frame.time_base or self._time_base)

    def _learn_step(self, now: Fraction) -> None:
        if self._last is None:
            return
        step = now - self._last
        if self.frames >= GAP_STEPS and step > GAP_SECONDS and step > GAP_STEPS * self._last / (self.frames - 1):
            self.gaps.append((float(self._last), float(now)))
        else:
            self._step = step


def no_timestamps(container: av.container.InputContainer) -> bool:
    """Whether the format stores no timestamps at all, as a raw H.264 stream."""
    flags: Any = container.format.flags  # an int at run time, whatever the stubs of PyAV say
    return bool(flags & av.format.Flags.no_timestamps.value)
