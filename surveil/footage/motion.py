"""The motion gate: most surveillance footage shows nobody, and a frame without change need not be looked at."""

from __future__ import annotations

from enum import Enum

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from surveil.footage.stillness import cells_of, is_still
from surveil.types import State

WIDTH, HEIGHT = 160, 90
TOLERANCE = 12
"""Grey levels that noise and compression may change a cell by."""
HOLD_SECONDS = 1.0
"""For how long frames pass after the last motion, so that tracks do not break when someone pauses."""
STILL_SECONDS = 60.0
"""After so long without a look of which anything is new, a frame counts as new whatever it shows."""


class Look(Enum):
    """What is to be done with a frame."""

    NONE = "none"
    """Nothing moves, and the last look is not long ago."""
    STILL = "still"
    """It is time for a look, but there is nothing in the picture that was not there at the last new look."""
    NEW = "new"


class MotionGate:
    """Lets a frame through if it differs from the last one that passed, shortly after motion, or after long enough.

    The comparison is with the last frame that was let through, in 160x90 cells, so slow motion adds up until it shows.
    Who stands still is seen by the forced looks. These are compared too, in fine cells, with the last frame that was
    new: where not even a small part has changed, the detector is spared (`surveil.footage.stillness`).

    All of it depends on the footage alone, not on what was found in it, so that a second run lets the same frames
    through. One gate belongs to one piece of footage.

    Args:
        threshold: Share of the picture, 0 to 1, that must have changed.
        forced_seconds: A frame passes at the latest so long after the last one that did.
    """

    def __init__(self, threshold: float, forced_seconds: float) -> None:
        self.threshold = threshold
        self.forced_seconds = forced_seconds
        self._reference: NDArray[np.uint8] | None = None
        self._passed = self._moved = -np.inf
        self._fine: NDArray[np.uint8] | None = None
        self._new = -np.inf

    def state(self) -> State:
        """What `restore` needs to go on from here."""
        return {
            "reference": self._reference,
            "passed": self._passed,
            "moved": self._moved,
            "fine": self._fine,
            "new": self._new,
        }

    def restore(self, state: State) -> None:
        """Go on from where another gate with the same settings stood."""
        self._reference, self._passed, self._moved = state["reference"], state["passed"], state["moved"]
        self._fine, self._new = state["fine"], state["new"]

    def look(self, luma: NDArray[np.uint8], seconds: float) -> Look:
        """Say what is to be done with a frame, and learn from it.

        Args:
            luma: (H, W) grey picture of any size.
            seconds: Time of the frame; ascending over calls.
        """
        cells = _cells(luma)
        if self._reference is not None and _changed(cells, self._reference) >= self.threshold:
            self._moved = seconds
        held = self._reference is None or seconds - self._moved <= HOLD_SECONDS
        if not held and seconds - self._passed < self.forced_seconds:
            return Look.NONE
        self._reference, self._passed = cells, seconds
        fine = cells_of(luma)
        if self._fine is not None and not held and seconds - self._new < STILL_SECONDS and is_still(fine, self._fine):
            return Look.STILL
        self._fine, self._new = fine, seconds
        return Look.NEW


def _changed(cells: NDArray[np.uint8], reference: NDArray[np.uint8]) -> float:
    """The share of cells that differ, apart from what all have in common: a change of exposure is not motion."""
    lower, higher = np.count_nonzero(cells < reference), np.count_nonzero(cells > reference)
    if 2 * lower < cells.size and 2 * higher <= cells.size:  # nothing in common, as nearly always: told without a count
        return np.count_nonzero(cv2.absdiff(cells, reference) > TOLERANCE) / cells.size
    difference = cells.astype(np.int16) - reference
    histogram = np.bincount((difference + 255).ravel(), minlength=511)
    common = int(np.searchsorted(histogram.cumsum(), cells.size / 2))  # the median
    alike = histogram[max(0, common - TOLERANCE) : common + TOLERANCE + 1].sum()
    return float(1 - alike / cells.size)


def luma_of(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """The (H, W) grey picture of a decoded frame; without a copy where the pixel format has one."""
    first = frame.format.components[0]
    if frame.format.is_rgb or first.bits != 8 or first.plane != 0 or not _luma_alone(frame):
        frame = frame.reformat(format="gray", threads=1)
    plane = frame.planes[0]
    lines: NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return lines[: frame.height, : frame.width]


def _luma_alone(frame: av.VideoFrame) -> bool:
    return frame.format.is_planar or frame.format.name == "gray"


def _cells(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    # Taking every n-th pixel first costs a tenth of a full resize and loses nothing that the gate looks for.
    step = max(1, min(4, luma.shape[1] // WIDTH))
    sampled = np.ascontiguousarray(luma[::step, ::step])
    return cv2.resize(sampled, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
