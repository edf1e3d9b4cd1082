"""The footage that a sighting was seen in: a frame of it, a clip around it, and a person cut out of a frame by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from sqlalchemy.orm import Session

from surveil.app.footage import stored_sighting
from surveil.errors import FootageError, QueryError
from surveil.files import text_path
from surveil.footage.clip import Clip, draw_clip
from surveil.footage.moments import frames_between, is_steady
from surveil.settings import Settings
from surveil.types import Frame, Image

MARGIN_SECONDS = 3.0
"""What a clip shows before and after the person."""
MAX_SECONDS = 60.0
"""A longer clip is cut off: it is for looking, the footage itself is for more."""
QUALITY = 90
MIN_PIXELS = 8
"""A person cut out by hand is at least so wide and so high."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a sighting was seen: the video, the boxes ([seconds, x1, y1, x2, y2, score] each), and how it is read."""

    path: Path
    boxes: Sequence[Sequence[float]]
    steady: bool


@dataclass(frozen=True, slots=True)
class Still:
    """A frame as a JPEG file, and when it is shown: seconds of the footage."""

    content: bytes
    width: int
    height: int
    seconds: float


def scene_of(session: Session, sighting: int) -> Scene:
    """Where a sighting was seen.

    Raises:
        QueryError: There is none of that number.
        FootageError: It comes from a folder of crops, which has no frames.
    """
    row = stored_sighting(session, sighting)
    path = text_path(row.footage.path)
    if row.footage.kind != "video":
        raise FootageError("a folder of crops has no frames", path)
    steady = is_steady(str(warning["kind"]) for warning in row.footage.warnings)
    return Scene(path, row.boxes, steady)


def best_moment(scene: Scene) -> float:
    """Seconds at which the person is seen largest."""
    return max(scene.boxes, key=lambda row: (row[3] - row[1]) * (row[4] - row[2]))[0]


def still(scene: Scene, seconds: float, settings: Settings) -> Still:
    """The frame shown at a moment.

    Raises:
        FootageError: The footage is gone or cannot be read.
    """
    frame = _frame(scene, seconds, settings)
    height, width = frame.image.shape[:2]
    return Still(_jpeg(frame.image), width, height, frame.seconds)


def clip(scene: Scene, settings: Settings) -> Clip:
    """The person from `MARGIN_SECONDS` before the first to after the last detection, with the box drawn.

    Raises:
        FootageError: The footage is gone or cannot be read.
    """
    start = max(0.0, scene.boxes[0][0] - MARGIN_SECONDS)
    end = min(scene.boxes[-1][0] + MARGIN_SECONDS, start + MAX_SECONDS)
    return draw_clip(_frames(scene, start, end, settings), scene.boxes)


def cut_by_hand(scene: Scene, seconds: float, box: tuple[float, float, float, float], settings: Settings) -> bytes:
    """What a box shows on the frame of a moment, as a JPEG file.

    Args:
        scene: The footage.
        seconds: The moment.
        box: x1, y1, x2, y2 as parts of the frame's width and height, 0 to 1.
        settings: How footage is read.

    Raises:
        QueryError: The box is none, or shows next to nothing.
        FootageError: The footage is gone or cannot be read.
    """
    picture = _frame(scene, seconds, settings).image
    height, width = picture.shape[:2]
    x1, x2 = (round(min(max(x, 0.0), 1.0) * width) for x in sorted(box[::2]))
    y1, y2 = (round(min(max(y, 0.0), 1.0) * height) for y in sorted(box[1::2]))
    if x2 - x1 < MIN_PIXELS or y2 - y1 < MIN_PIXELS:
        raise QueryError("the box is too small to show a person", "box", "Draw it around the whole person.")
    return _jpeg(np.ascontiguousarray(picture[y1:y2, x1:x2]))


def _frame(scene: Scene, seconds: float, settings: Settings) -> Frame:
    [frame] = islice(_frames(scene, seconds, seconds, settings), 1)
    return frame


def _frames(scene: Scene, start: float, end: float, settings: Settings) -> Iterator[Frame]:
    return frames_between(
        scene.path, start, end, steady=scene.steady, stated_fps=settings.stated_fps, max_pixels=settings.max_pixels
    )


def _jpeg(picture: Image) -> bytes:
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
