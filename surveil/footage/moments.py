"""The frames of a stretch of footage: for looking at a moment, and for a clip around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError

from surveil.errors import FootageError
from surveil.footage.container import VideoFile, open_video, scope_of
from surveil.footage.decode import FootageReader
from surveil.footage.timestamps import no_timestamps
from surveil.images import MAX_PIXELS
from surveil.types import Frame, Image

UNSTEADY = frozenset({"clock_jump", "invented_times", "outlier_times", "stated_fps"})
"""Footage with such a warning has times that its file does not say."""
EVERY_FRAME = 1e6
"""So many frames per second no footage has: none is left out."""


def frames_between(
    path: Path, start: float, end: float, *, steady: bool = True, stated_fps: float = 25.0, max_pixels: int = MAX_PIXELS
) -> Iterator[Frame]:
    """The frames shown from `start` to `end`, both in seconds of the footage, the one shown at `start` first.

    Args:
        path: The video.
        start: Where to begin.
        end: Where to stop.
        steady: Whether the footage's clock can be trusted, so that the file is read from `start` on; else all of it
            is read, and times are those that an ingest gave.
        stated_fps: Frames per second of a raw stream, which has no timestamps.
        max_pixels: So many pixels may a frame have.

    Raises:
        FootageError: The file cannot be read, or has no frame there.
    """
    frames = _sought(path, start, max_pixels) if steady else None
    if frames is None:
        frames = _read_through(path, stated_fps, max_pixels)
    before: Frame | None = None
    given = 0
    for frame in frames:
        if frame.seconds > end and given:
            break
        if frame.seconds < start:
            before = frame
            continue
        if before is not None and frame.seconds > start and not given:
            yield before
        before, given = None, given + 1
        yield frame
        if frame.seconds >= end:
            break
    if before is not None:
        yield before  # the last of all
    elif not given:
        raise FootageError(f"there is no frame at {start:.2f} s", path)


def is_steady(kinds: Iterable[str]) -> bool:
    """Whether footage with warnings of these kinds has the times that its file says."""
    return UNSTEADY.isdisjoint(kinds)


def _read_through(path: Path, stated_fps: float, max_pixels: int) -> Iterator[Frame]:
    with FootageReader(path, fps=EVERY_FRAME, stated_fps=stated_fps, max_pixels=max_pixels) as reader:
        yield from reader


def _sought(path: Path, start: float, max_pixels: int) -> Iterator[Frame] | None:
    """The frames from the key frame before `start` on; None where the container does not say when its frames are."""
    with open_video(path, max_pixels=max_pixels) as video:
        unclear = no_timestamps(video.container) or video.container.format.name == "avi"
        if unclear or video.stream.start_time is None:
            return None
    return _frames_from(path, start, max_pixels)


def _frames_from(path: Path, start: float, max_pixels: int) -> Iterator[Frame]:
    with open_video(path, max_pixels=max_pixels) as video, scope_of(path):
        base = video.stream.time_base or Fraction(1, 90000)
        first = next((frame.pts for frame in _decoded(video) if frame.pts is not None), None)
        if first is None:
            raise FootageError("no frame can be decoded", path, "The file is damaged, or no video.")
        video.container.seek(first + round(start / base), stream=video.stream, backward=True)
        for number, frame in enumerate(_decoded(video)):
            if frame.pts is not None:
                yield Frame(number, float((frame.pts - first) * base), _upright(frame))


def _decoded(video: VideoFile) -> Iterator[av.VideoFrame]:
    for packet in video.container.demux(video.stream):
        try:
            yield from packet.decode()
        except FFmpegError:
            continue  # an ingest reported it


def _upright(frame: av.VideoFrame) -> Image:
    picture = frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)
    return np.ascontiguousarray(np.rot90(picture, round(frame.rotation / 90) % 4))
