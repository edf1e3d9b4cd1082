"""The timeline of an identity as every door draws it: a lane for each camera over a scale of times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PIL import Image as Pictures
from PIL import ImageDraw
from PIL.Image import Image as Picture

from surveil.app.results import CameraTimeline
from surveil.app.time_scale import Scale
from surveil.lettering import font, line_height, shorten
from surveil.palette import BLUE, CARD, FAINT, INK, LINE
from surveil.search.sheet import MARGIN

NAME_WIDTH, LANE, MIN_BAR = 150, 30, 4
"""Pixels: room for the cameras' names, height of a lane, and the least width of a visit."""


def timeline_bars(cameras: Sequence[CameraTimeline], width: int) -> list[tuple[str, str]]:
    """Of each camera its name and its lane in characters: full where the identity was seen; none without visits."""
    if not cameras:
        return []
    scale = Scale.of(cameras)
    lanes = []
    for camera in cameras:
        cells = ["·"] * width
        for visit in camera.visits:
            first, last = (
                min(width - 1, int(scale.place(time) * width)) for time in (visit.first_seen, visit.last_seen)
            )
            cells[first : last + 1] = "█" * (last + 1 - first)
        lanes.append((camera.camera, "".join(cells)))
    return lanes


def timeline_picture(cameras: Sequence[CameraTimeline], width: int) -> Picture:
    """A lane for each camera with a bar for each visit, over a scale of times; so many pixels wide."""
    scale = Scale.of(cameras)
    face, small = font(15), font(13)
    bottom = LANE * len(cameras)
    picture = Pictures.new("RGB", (width, bottom + line_height(small) + 8), CARD)
    draw = ImageDraw.Draw(picture)
    left, right = NAME_WIDTH, width - MARGIN

    def across(time: datetime) -> float:
        return left + scale.place(time) * (right - left)

    for time, words in scale.ticks():
        draw.line((across(time), 0, across(time), bottom + 4), LINE)
        half = small.getlength(words) / 2
        draw.text((min(max(across(time) - half, 0), width - 2 * half), bottom + 4), words, FAINT, small)
    for i, camera in enumerate(cameras):
        middle = LANE * i + LANE // 2
        draw.text((8, middle - 10), shorten(camera.camera, face, NAME_WIDTH - 16), INK, face)
        draw.line((left, middle, right, middle), LINE)
        for visit in camera.visits:
            begin, end = across(visit.first_seen), across(visit.last_seen)
            draw.rounded_rectangle((begin, middle - 8, max(end, begin + MIN_BAR), middle + 8), 3, BLUE)
    return picture
