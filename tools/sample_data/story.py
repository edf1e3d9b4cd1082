"""What happens: who walks which way past which camera, and when. Seconds count from the camera's first frame."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

Point = tuple[float, float]


@dataclass(frozen=True)
class Walk:
    """One person's way through one camera's view.

    Attributes:
        person: Name in the cast.
        starts: When they set out.
        way: Points on the ground, in metres, joined by straight lines.
        beside: Metres to the right of the way: how people walk in pairs.
        stands: (metres of the way, seconds): where they stop, and for how long.
    """

    person: str
    starts: float
    way: tuple[Point, ...]
    beside: float = 0.0
    stands: tuple[float, float] | None = None


@dataclass(frozen=True)
class StagedClip:
    """One camera's footage.

    Attributes:
        camera: Its name.
        starts_at: True time of the first frame.
        clock_offset: Seconds to add to what the camera's clock says to get the true time.
        seconds: Length.
        fps: Frames per second.
        dropped: Share of the frames that the recorder loses: the rest keeps its true timestamps.
        walks: What happens.
    """

    camera: str
    starts_at: datetime
    clock_offset: float
    seconds: float
    fps: float
    walks: tuple[Walk, ...]
    dropped: float = 0.0


IN = ((-0.3, -22.0), (0.2, -15.0), (-0.6, -11.2), (-2.6, -6.5), (-3.4, -2.0))
OUT = ((-1.9, -2.0), (-1.6, -7.0), (0.9, -11.6), (1.4, -15.0), (2.0, -22.0))
ALONG = ((-14.0, -12.4), (-6.0, -12.2), (0.0, -12.6), (6.0, -12.0), (12.0, -11.6))
HALL_IN = ((-1.0, -9.0), (-0.6, -4.0), (0.0, 1.0), (0.2, 5.0), (0.2, 8.5))
HALL_ACROSS = ((9.0, -9.0), (4.6, -4.2), (3.4, 1.8), (1.0, 4.0), (-0.4, 6.0), (-1.0, 9.0))
HALL_BENCH = ((6.8, -9.0), (4.4, -3.6), (2.6, 0.8), (-1.2, 2.2), (-0.9, 5.2), (-0.9, 8.5))
YARD_NORTH = ((0.2, 5.5), (0.5, 9.0), (0.9, 13.2), (1.0, 20.0))
YARD_EAST = ((-12.0, 13.7), (-4.0, 13.5), (2.0, 13.6), (12.0, 13.7))
YARD_NEAR = ((-10.0, 9.4), (-2.0, 9.7), (2.2, 11.2), (5.0, 13.2), (12.0, 13.4))
BACK = slice(None, None, -1)

GATE_WALKS = (
    Walk("p01", 4.0, IN),
    Walk("p04", 6.0, OUT),
    Walk("p02", 9.0, ALONG),
    Walk("p06", 12.0, IN, beside=0.35),
    Walk("p07", 12.2, IN, beside=-0.45),
    Walk("p03", 15.0, ALONG[BACK]),
    Walk("p08", 18.2, IN, beside=0.4),
    Walk("p09", 18.0, IN, beside=-0.35),
    Walk("p10", 20.0, OUT),
)
HALL_WALKS = (
    Walk("p06", -2.0, HALL_IN),
    Walk("p05", 0.0, HALL_ACROSS),
    Walk("p07", 2.0, HALL_ACROSS[BACK]),
    Walk("p01", 4.0, HALL_BENCH),
    Walk("p11", 15.0, HALL_IN[BACK], beside=0.3),
    Walk("p09", 15.0, HALL_IN, beside=0.5),
    Walk("p08", 15.2, HALL_IN, beside=-0.3),
    Walk("p02", 17.5, HALL_BENCH[BACK]),
    Walk("p12", 19.0, HALL_ACROSS, beside=0.2),
)
YARD_WALKS = (
    Walk("p12", -3.0, YARD_NORTH, stands=(7.6, 10.5)),
    Walk("p05", 1.0, YARD_EAST),
    Walk("p11", 3.0, YARD_EAST[BACK], beside=0.3),
    Walk("p03", 7.0, YARD_NEAR),
    Walk("p10", 7.4, YARD_NEAR, beside=0.75),
    Walk("p04", 10.0, YARD_NORTH[BACK], beside=0.4),
    Walk("p02", 13.0, YARD_NEAR[BACK]),
    Walk("p07", 15.5, YARD_EAST, beside=-0.3),
    Walk("p01", 17.0, YARD_NORTH),
)
CLIPS = (
    StagedClip("gate", datetime(2026, 9, 14, 8, 15, 0, tzinfo=UTC), 0.0, 34.0, 10.0, GATE_WALKS),
    # This camera's clock is three minutes fast.
    StagedClip("hall", datetime(2026, 9, 14, 8, 15, 30, tzinfo=UTC), -180.0, 30.0, 10.0, HALL_WALKS),
    # This one's recorder loses frames.
    StagedClip("yard", datetime(2026, 9, 14, 8, 16, 10, tzinfo=UTC), 0.0, 30.0, 12.5, YARD_WALKS, dropped=0.3),
)


@dataclass(frozen=True)
class WalkerPose:
    """Where a walker is: metres walked, place on the ground, heading (radians about z, 0 looks south), gait amount."""

    walked: float
    place: np.ndarray
    heading: float
    amount: float


def step(walk: Walk, seconds: float, speed: float) -> WalkerPose | None:
    """A walker at a time; None before the start and after the end."""
    points = np.array(walk.way, float)
    marks = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    walked, amount = _progress(walk, seconds - walk.starts, speed)
    if not 0 <= walked <= marks[-1]:
        return None

    def at(metres: float) -> np.ndarray:
        return np.array([np.interp(metres, marks, points[:, axis]) for axis in (0, 1)])

    # Corners are cut by looking half a step back and ahead.
    behind, ahead = at(max(0.0, walked - 0.5)), at(min(marks[-1], walked + 0.5))
    way = (ahead - behind) / max(1e-6, float(np.linalg.norm(ahead - behind)))
    place = (behind + at(walked) + ahead) / 3 + walk.beside * np.array([way[1], -way[0]])
    return WalkerPose(walked, place, float(np.arctan2(way[0], -way[1])), amount)


def _progress(walk: Walk, elapsed: float, speed: float) -> tuple[float, float]:
    """Metres walked and gait amount; a stop takes half a second each way."""
    if walk.stands is None:
        return elapsed * speed, 1.0
    where, long = walk.stands
    stops = where / speed
    moving = max(stops - elapsed, elapsed - stops - long)
    return min(elapsed, stops) * speed + max(0.0, elapsed - stops - long) * speed, float(np.clip(moving / 0.5, 0, 1))
