"""A stretch of time that is drawn on, and round times on it, for every timeline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from surveil.app.results import CameraTimeline
from surveil.timezones import zone_named

STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800)
"""Seconds between two ticks of a scale; beyond these it is months."""
MONTH = 30 * 86400
MAX_TICKS = 8


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
        clock = "%H:%M:%S" if step < 60 else "%H:%M"
        form = "%Y-%m-%d" if step >= 86400 else "%m-%d %H:%M" if seconds > 86400 else clock
        return [(time, time.strftime(form)) for time in times if self.begin <= time <= self.end]

    def __str__(self) -> str:
        begin, end = (time.astimezone(zone_named(self.zone)) for time in (self.begin, self.end))
        return f"{begin:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S} {end:%Z}"
