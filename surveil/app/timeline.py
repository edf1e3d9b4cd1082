"""The timeline of an identity as every door draws it: a lane for each camera, and a scale of times that people read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from PIL import Image as Pictures
from PIL import ImageDraw
from PIL.Image import Image as Picture

from surveil.app.results import CameraTimeline
from surveil.lettering import fit, font, line_height
from surveil.palette import BLUE, CARD, FAINT, INK, LINE
from surveil.search.sheet import MARGIN
from surveil.timezones import zone_named

STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800)
"""Seconds between two ticks of a scale; beyond these it is months."""
MONTH = 30 * 86400
MAX_TICKS = 8
NAME_WIDTH, LANE, MIN_BAR = 150, 30, 4
"""Pixels: room for the cameras' names, height of a lane, and the least width of a visit."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A stretch of time that visits are drawn on.

    Attributes:
        begin: Where it begins (aware).
        end: Where it ends; later than `begin`.
        zone: On whose clock it is read: that of the cameras, UTC where they differ.
    """

    begin: datetime
    end: datetime
    zone: str

    @staticmethod
    def of(cameras: Sequence[CameraTimeline]) -> Scale:
        """The scale of all visits; there is at least one."""
        visits = [visit for camera in cameras for visit in camera.visits]
        zones = {camera.zone for camera in cameras}
        begin = min(visit.first_seen for visit in visits)
        end = max(visit.last_seen for visit in visits)
        return Scale(begin, max(end, begin + timedelta(seconds=1)), zones.pop() if len(zones) == 1 else "UTC")

    def place(self, time: datetime) -> float:
        """Where a time lies, 0 to 1."""
        return (time - self.begin) / (self.end - self.begin)

    def ticks(self) -> list[tuple[datetime, str]]:
        """Round times on the zone's clock, with what is written at each."""
        zone = zone_named(self.zone)
        seconds = (self.end - self.begin).total_seconds()
        months = MONTH * math.ceil(seconds / (MONTH * MAX_TICKS))
        step = next((step for step in STEPS if seconds / step <= MAX_TICKS), months)
        begin = self.begin.astimezone(zone)
        midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
        first = math.ceil((begin - midnight).total_seconds() / step)
        times = [midnight + timedelta(seconds=step * (first + i)) for i in range(MAX_TICKS + 1)]
        form = "%Y-%m-%d" if step >= 86400 else "%m-%d %H:%M" if seconds > 86400 else "%H:%M:%S"
        return [(time, time.strftime(form)) for time in times if self.begin <= time <= self.end]

    def __str__(self) -> str:
        begin, end = (time.astimezone(zone_named(self.zone)) for time in (self.begin, self.end))
        return f"{begin:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S} {end:%Z}"


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
        draw.text((8, middle - 10), fit(camera.camera, face, NAME_WIDTH - 16), INK, face)
        draw.line((left, middle, right, middle), LINE)
        for visit in camera.visits:
            begin, end = across(visit.first_seen), across(visit.last_seen)
            draw.rounded_rectangle((begin, middle - 8, max(end, begin + MIN_BAR), middle + 8), 3, BLUE)
    return picture
