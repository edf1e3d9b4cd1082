"""A short film of a person: frames of the footage with her box drawn on them, as H.264 that every browser plays."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import av
import cv2
import numpy as np

from surveil.types import Floats, Frame, Image

LONGEST_SIDE = 1280
"""Pixels; larger frames are made smaller."""
FADE = 0.6
"""Seconds before the first and after the last detection at which the box is still drawn."""
TICKS = 90_000
"""Of the clip's clock, per second."""
COLOUR = (0, 150, 255)
"""BGR of the box."""
KEY_FRAMES = "12"
"""At least one in so many frames can be sought at once."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A film: `content` is an MP4 file, whose first frame is shown at `start` seconds of the footage."""

    start: float
    content: bytes


def draw_clip(frames: Iterable[Frame], boxes: Sequence[Sequence[float]] = ()) -> Clip:
    """Frames as a film.

    Args:
        frames: At least one, ascending in time.
        boxes: [seconds, x1, y1, x2, y2, ...] of each detection of the person, ascending in time; between two of them
            the box moves evenly.
    """
    file = io.BytesIO()
    start: float | None = None
    track = np.array([row[:5] for row in boxes], np.float32).reshape(-1, 5)
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", options={"preset": "veryfast", "crf": "23", "g": KEY_FRAMES})
        stream.pix_fmt, stream.time_base = "yuv420p", Fraction(1, TICKS)
        stream.codec_context.time_base = Fraction(1, TICKS)
        stream.thread_count = 2
        for frame in frames:
            picture = _drawn(frame, track)
            if start is None:
                start = frame.seconds
                stream.height, stream.width = picture.shape[:2]
            shown = av.VideoFrame.from_ndarray(picture, format="bgr24")
            shown.pts, shown.time_base = round((frame.seconds - start) * TICKS), Fraction(1, TICKS)
            container.mux(stream.encode(shown))
        container.mux(stream.encode(None))
    return Clip(start or 0.0, file.getvalue())


def _drawn(frame: Frame, track: Floats) -> Image:
    height, width = frame.image.shape[:2]
    scale = min(1.0, LONGEST_SIDE / max(height, width))
    size = max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)
    picture = cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA)
    if len(track) and track[0, 0] - FADE <= frame.seconds <= track[-1, 0] + FADE:
        x1, y1, x2, y2 = (round(float(np.interp(frame.seconds, track[:, 0], track[:, i]) * scale)) for i in range(1, 5))
        cv2.rectangle(picture, (x1, y1), (x2, y2), COLOUR, max(2, size[1] // 240))
    return picture.astype(np.uint8, copy=False)
