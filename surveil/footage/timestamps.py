"""From the times that a container claims to seconds since the first frame, ascending whatever the container claims."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av

LEARNING_STEPS = 10
"""So many steps must be known before one can be too long."""
JITTER = Fraction(2, 1000)
"""Steps that differ by no more, in seconds, are equal: containers round to milliseconds."""
GAP_OF_STEADY = Fraction(5, 2)
"""Where frames came at equal steps, a step this many times as long is a gap: two frames or more are missing."""
GAP_SECONDS, GAP_OF_VARIABLE = 1, 10
"""Elsewhere it is one if it is longer than both: one second, and ten times the mean step."""


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
        self._steady = self._steps = 0
        self._covered = Fraction(0)
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
        self.invented += time is None and not self._from_dts  # AVI's last frames never have one
        now = now if now is not None else Fraction(0)
        self._learn_step(now)
        self._last = now
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
        if self._is_gap(step):
            self.gaps.append((float(self._last), float(now)))
            return
        self._steady = self._steady + 1 if abs(step - self._step) <= JITTER else 0
        self._step = step
        self._steps += 1
        self._covered += step

    def _is_gap(self, step: Fraction) -> bool:
        if self._steady >= LEARNING_STEPS:
            return step > GAP_OF_STEADY * self._step + JITTER
        if self._steps < LEARNING_STEPS:
            return False
        return step > GAP_SECONDS and step > GAP_OF_VARIABLE * self._covered / self._steps


def no_timestamps(container: av.container.InputContainer) -> bool:
    """Whether the format stores no timestamps at all, as a raw H.264 stream."""
    flags: Any = container.format.flags  # an int at run time, whatever the stubs of PyAV say
    return bool(flags & av.format.Flags.no_timestamps.value)
