"""The motion gate: most surveillance footage shows nobody, and a frame without change need not be looked at."""

from __future__ import annotations

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from surveil.types import Floats

WIDTH, HEIGHT = 160, 90
TOLERANCE = 12.0
"""Grey levels that noise and compression may change a cell by."""
ABSORBED_PER_SECOND = 1.0
"""Grey levels by which the background follows the picture: someone who stands still stays foreground for long."""
HOLD_SECONDS = 2.0
"""For how long frames pass after the last motion, so that tracks do not break."""


class MotionGate:
    """Lets a frame through if it differs from the background, or shortly after, or if the last look is long ago.

    The background is a 160x90 grey picture that follows the footage by a fixed number of grey levels per second (an
    approximate median, McFarlane and Schofield 1995). It depends on the footage alone, not on what was found in it, so
    that a second run gates the same frames. One gate belongs to one piece of footage.

    Args:
        threshold: Share of the picture, 0 to 1, that must have changed.
        forced_seconds: A frame passes at the latest so long after the last one that did.
    """

    def __init__(self, threshold: float, forced_seconds: float) -> None:
        self.threshold = threshold
        self.forced_seconds = forced_seconds
        self._background: Floats | None = None
        self._updated = self._passed = 0.0
        self._hold_until = -np.inf

    def passes(self, luma: NDArray[np.uint8], seconds: float) -> bool:
        """Say whether the frame is to be looked at, and learn from it.

        Args:
            luma: (H, W) grey picture of any size.
            seconds: Time of the frame; ascending over calls.
        """
        cells = _cells(luma)
        if self._background is None:
            self._background, self._updated, self._passed = cells, seconds, seconds
            return True
        if self._changed(cells, seconds) >= self.threshold:
            self._hold_until = seconds + HOLD_SECONDS
        passes = seconds <= self._hold_until or seconds - self._passed >= self.forced_seconds
        if passes:
            self._passed = seconds
        return passes

    def _changed(self, cells: Floats, seconds: float) -> float:
        """The share of cells that differ from the background, which then moves towards them."""
        assert self._background is not None
        difference = cells - self._background
        step = ABSORBED_PER_SECOND * (seconds - self._updated)
        self._background += np.clip(difference, -step, step)
        self._updated = seconds
        difference -= np.median(difference)  # a change of exposure or light is not motion
        return float((np.abs(difference) > TOLERANCE).mean())


def luma_of(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """The (H, W) grey picture of a decoded frame; without a copy where the pixel format has one."""
    first = frame.format.components[0]
    if frame.format.is_rgb or first.bits != 8 or first.plane != 0 or not _luma_alone(frame):
        frame = frame.reformat(format="gray")
    plane = frame.planes[0]
    lines: NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return lines[: frame.height, : frame.width]


def _luma_alone(frame: av.VideoFrame) -> bool:
    return frame.format.is_planar or frame.format.name == "gray"


def _cells(luma: NDArray[np.uint8]) -> Floats:
    # Taking every n-th pixel first costs a tenth of a full resize and loses nothing that the gate looks for.
    step = max(1, min(4, luma.shape[1] // WIDTH))
    sampled = np.ascontiguousarray(luma[::step, ::step])
    return cv2.resize(sampled, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)
