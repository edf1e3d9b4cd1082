"""From the times that a container claims to seconds since the first frame, ascending whatever the container claims."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from enum import Enum, auto
from fractions import Fraction
from typing import Any

import av

from surveil.types import State

LEARNING_STEPS = 10
"""So many steps must be known before one can be too long."""
JITTER = Fraction(2, 1000)
"""Steps that differ by no more, in seconds, are equal: containers round to milliseconds."""
GAP_OF_STEADY = Fraction(5, 2)
"""Where frames came at equal steps, a step this many times as long is a gap: two frames or more are missing."""
GAP_SECONDS, GAP_OF_VARIABLE = 1, 10
"""Elsewhere it is one if it is longer than both: one second, and ten times the mean step."""
MAX_GAP_SECONDS = 7 * 24 * 3600
"""What jumps further ahead is no gap but another clock."""
LOOKAHEAD, LOOKAHEAD_BYTES = 16, 256 * 2**20
"""So many frames at most, and of such a size, are held to see whether a jump lasts."""
LONE_JUMP_SECONDS = 60
"""If the very first or last frame differs by more from all others, its time is wrong; else there is a gap."""

Ticks = int | Fraction
"""A time in units of the stream's time base: nearly always whole, and fractions are twenty times as slow."""
_TIMES = ("origin", "last", "step", "covered")


class FrameLoss(Enum):
    """What comes instead of frames where some are lost."""

    PACKET = auto()
    """A packet that cannot be decoded."""
    CONTAINER = auto()
    """A place where the container cannot be followed."""


class FrameTimes:
    """Exact times of the frames of one video stream, in the order in which they are decoded.

    Formats without timestamps (raw streams) get the stated rate; a frame without a time follows its predecessor by the
    last step. Where the claimed times jump, the frames after tell what it is: if they go on from before the jump, the
    times between are errors (a flipped bit in a timestamp moves one frame by hours) and are replaced by even steps. If
    they go on from the jump, it is a gap, or, backwards or by more than `MAX_GAP_SECONDS`, another clock (two
    recordings in one file): then times continue without a gap.

    Args:
        container: The open container.
        stream: Its video stream.
        stated_fps: Frames per second where the footage does not say.

    Attributes:
        stated: Whether the format has no timestamps.
        invented: Frames without a time.
        outliers: Frames whose times were errors.
        restarts: Times at which another clock began.
        gaps: Seconds between which there are no frames.
    """

    def __init__(self, container: av.container.InputContainer, stream: av.VideoStream, stated_fps: float) -> None:
        self.stated = no_timestamps(container)
        # AVI stores frames in decoding order and no presentation time; the decoder hands out its times ascending.
        self._from_dts = container.format.name == "avi"
        self._time_base = stream.time_base or Fraction(1, 90000)
        rate = stream.average_rate
        fps = rate if rate and 1 <= rate <= 240 and not self.stated else Fraction(stated_fps)
        self._step = self._ticks(1 / fps.limit_denominator(1001))
        self._jitter, self._lone_jump = self._ticks(JITTER), self._ticks(Fraction(LONE_JUMP_SECONDS))
        self._gap, self._max_gap = self._ticks(Fraction(GAP_SECONDS)), self._ticks(Fraction(MAX_GAP_SECONDS))
        self._start = None if self._from_dts else stream.start_time
        self._origin: Ticks | None = None
        self._last: Ticks | None = None
        self._steady = self._steps = 0
        self._covered: Ticks = 0
        self.invented = self.outliers = self.restarts = 0
        self.gaps: list[tuple[float, float]] = []

    @property
    def is_plain(self) -> bool:
        """Whether every frame so far had a time of its own, and was where it said."""
        return not (self.stated or self._from_dts or self.invented or self.outliers or self.restarts)

    def state(self) -> State:
        """What `restore` needs to go on after the latest frame, as long as the times are plain."""
        known = {name: getattr(self, f"_{name}") for name in _TIMES}
        return {
            **{name: None if value is None else str(value * self._time_base) for name, value in known.items()},
            "steady": self._steady,
            "steps": self._steps,
            "gaps": [list(gap) for gap in self.gaps],
        }

    def restore(self, state: State) -> None:
        """Go on after the frame at which another object for the same video stood."""
        for name in _TIMES:
            setattr(self, f"_{name}", None if state[name] is None else self._ticks(Fraction(state[name])))
        self._steady, self._steps = state["steady"], state["steps"]
        self.gaps = [(begin, end) for begin, end in state["gaps"]]

    @property
    def last(self) -> float:
        """Seconds of the latest frame."""
        return self._seconds(self._last or 0)

    @property
    def duration(self) -> float:
        """Seconds from the first frame to the end of the latest, if that lasts as long as the one before it."""
        return self._seconds(self._last + self._step) if self._last is not None else 0.0

    def timed(self, items: Iterable[av.VideoFrame | FrameLoss]) -> Iterator[tuple[av.VideoFrame, float] | FrameLoss]:
        """The frames with their seconds, and the losses in their places; at most `LOOKAHEAD` items late.

        Args:
            items: Frames as they leave the decoder, and where some are lost.
        """
        source = iter(items)
        held: deque[av.VideoFrame | FrameLoss] = deque()
        lost = False
        while True:
            if not held:
                item = next(source, None)
                if item is None:
                    return
                held.append(item)
            head = held[0]
            if isinstance(head, FrameLoss):
                lost = True
                held.popleft()
                yield head
                continue
            claimed = self._claimed(head)
            if self._origin is None or not self._is_doubtful(claimed):
                held.popleft()
                yield head, self._follow(claimed, late=lost)
            else:
                outliers, ended = self._look_ahead(head, held, source)
                yield from self._smoothed(held, outliers) if outliers else self._jump(held, ended)

    def _look_ahead(
        self, head: av.VideoFrame, held: deque[av.VideoFrame | FrameLoss], source: Iterator[av.VideoFrame | FrameLoss]
    ) -> tuple[int, bool]:
        """How many of the held frames, from the first on, have wrong times (0: none), and whether the footage ends.

        Takes more frames from the source as it needs them.
        """
        jumped, frames, place = self._place(head), 0, 0
        room = max(2, min(LOOKAHEAD, LOOKAHEAD_BYTES // (2 * head.width * head.height + 1)))
        while frames <= room:
            if place == len(held):
                item = next(source, None)
                if item is None:
                    return 0, True
                held.append(item)
            following = held[place]
            place += 1
            if isinstance(following, FrameLoss):
                continue
            if frames and self._goes_on(self._place(following), jumped, frames):
                return frames, False
            frames += 1
        return 0, False

    def _goes_on(self, now: Ticks | None, jumped: Ticks | None, frames: int) -> bool:
        """Whether a time, so many frames after the last good one, goes on from there and not from the jump."""
        if now is None or jumped is None or self._last is None:
            return False
        earliest, latest = self._last + (frames + 1) * Fraction(self._step) / 4, self._last + self._max_gap
        return earliest < now < jumped and now <= latest if jumped > self._last else earliest < now <= latest

    def _smoothed(
        self, held: deque[av.VideoFrame | FrameLoss], outliers: int
    ) -> Iterator[tuple[av.VideoFrame, float] | FrameLoss]:
        """The first frames held, at even steps up to the first one whose time is right."""
        right = [item for item in held if not isinstance(item, FrameLoss)][outliers]
        begin, end = self._last or 0, self._place(right) or 0
        step = Fraction(end - begin) / (outliers + 1)
        self.outliers += outliers
        while outliers:
            item = held.popleft()
            if isinstance(item, FrameLoss):
                yield item
            else:
                outliers -= 1
                self._last = (self._last or 0) + step
                yield item, self.last

    def _jump(
        self, held: deque[av.VideoFrame | FrameLoss], ended: bool
    ) -> Iterator[tuple[av.VideoFrame, float] | FrameLoss]:
        """The first frame held, after a jump that lasts: a gap, or another clock."""
        head = held.popleft()
        now = None if isinstance(head, FrameLoss) else self._place(head)
        if isinstance(head, FrameLoss) or now is None or self._last is None or self._origin is None:
            raise AssertionError("only a frame after others can be in doubt")
        step = now - self._last
        lone = (ended and not any(not isinstance(item, FrameLoss) for item in held)) or self._last == 0
        if lone and not -self._lone_jump <= step <= self._lone_jump:
            self.outliers += 1
            self._origin += step - self._step
        elif step <= 0 or step > self._max_gap:
            self.restarts += 1
            self._origin += step - self._step
        yield head, self._follow(self._claimed(head), late=False)

    def _follow(self, claimed: Ticks | None, late: bool) -> float:
        """The time of the next frame, by what it claims.

        Args:
            claimed: What it claims, None if nothing.
            late: Frames before the first one were lost, so that this one is not at 0 but where the stream says.
        """
        if claimed is not None and self._origin is None:
            first_known = self._last + self._step if self._last is not None else 0
            early = late and self._last is None and self._start is not None
            begins = self._start if early and self._start is not None else claimed
            self._origin = begins if 0 < claimed - begins <= self._lone_jump else claimed - first_known
        now = self._since_origin(claimed)
        self.invented += claimed is None and not self._from_dts  # AVI's last frames never have one
        if now is None:
            now = self._last + self._step if self._last is not None else 0
        self._learn_step(now)
        self._last = now
        return self._seconds(now)

    def _ticks(self, seconds: Fraction) -> Ticks:
        ticks = seconds / self._time_base
        return ticks.numerator if ticks.denominator == 1 else ticks

    def _seconds(self, ticks: Ticks) -> float:
        return float(ticks * self._time_base.numerator / self._time_base.denominator)

    def _claimed(self, frame: av.VideoFrame) -> Ticks | None:
        if self.stated:
            return None
        ticks = frame.dts if self._from_dts or frame.pts is None else frame.pts
        base = frame.time_base
        return ticks if ticks is None or not base or base == self._time_base else self._ticks(ticks * base)

    def _place(self, frame: av.VideoFrame) -> Ticks | None:
        """The time that a frame claims, from the first frame on."""
        return self._since_origin(self._claimed(frame))

    def _since_origin(self, claimed: Ticks | None) -> Ticks | None:
        return None if claimed is None or self._origin is None else claimed - self._origin

    def _is_doubtful(self, claimed: Ticks | None) -> bool:
        now = self._since_origin(claimed)
        if now is None or self._last is None:
            return False
        step = now - self._last
        return step <= 0 or self._is_gap(step) or (self._steps < LEARNING_STEPS and step > self._gap)

    def _learn_step(self, now: Ticks) -> None:
        if self._last is None:
            return
        step = now - self._last
        if self._is_gap(step):
            self.gaps.append((self.last, self._seconds(now)))
            return
        self._steady = self._steady + 1 if -self._jitter <= step - self._step <= self._jitter else 0
        self._step = step
        self._steps += 1
        self._covered += step

    def _is_gap(self, step: Ticks) -> bool:
        if self._steady >= LEARNING_STEPS:
            return step > self._step and step > GAP_OF_STEADY * self._step + self._jitter
        if self._steps < LEARNING_STEPS:
            return False
        return step > self._gap and step * self._steps > GAP_OF_VARIABLE * self._covered


def no_timestamps(container: av.container.InputContainer) -> bool:
    """Whether the format stores no timestamps at all, as a raw H.264 stream."""
    flags: Any = container.format.flags  # an int at run time, whatever the stubs of PyAV say
    return bool(flags & av.format.Flags.no_timestamps.value)
