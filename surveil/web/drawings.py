"""Where an identity was and when, as geometry for SVG: a timeline, and the paths between cameras as a graph."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from surveil.app import IdentityDetail, Match
from surveil.app.time_scale import Scale

WIDTH, ROW, LEFT, TOP = 900, 34, 120, 8
"""Of a timeline, in its own units: the width, the height of a row, room for names, and above the first row."""
EDGE = 24
"""Room at both ends of the time axis, for what is written at the first and the last mark."""
LEAST = 6
"""A sighting is drawn at least so wide."""
RADIUS = 30


@dataclass(frozen=True, slots=True)
class Mark:
    """A time on the axis."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Stay:
    """A sighting on the timeline."""

    match: Match
    x: float
    y: float
    width: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """Cameras as rows, time across."""

    cameras: tuple[tuple[str, float], ...]
    stays: tuple[Stay, ...]
    marks: tuple[Mark, ...]
    height: float
    zone: str
    width: int = WIDTH
    left: int = LEFT
    row: int = ROW


def timeline(detail: IdentityDetail) -> Timeline | None:
    """When which camera saw somebody; None where nobody did."""
    if not detail.timeline:
        return None
    cameras = list(dict.fromkeys(match.camera for match in detail.sightings))
    scale = Scale.of(detail.timeline)
    begin, length = LEFT + EDGE, WIDTH - LEFT - 2 * EDGE
    stays = []
    for match in detail.sightings:
        x, end = (begin + length * scale.place(time) for time in (match.first_seen, match.last_seen))
        y = TOP + ROW * cameras.index(match.camera) + 7
        stays.append(Stay(match, round(x, 1), y, round(max(end - x, LEAST), 1)))
    rows = tuple((camera, TOP + ROW * i + ROW / 2) for i, camera in enumerate(cameras))
    marks = tuple(Mark(round(begin + length * scale.place(time), 1), text) for time, text in scale.ticks())
    return Timeline(rows, tuple(stays), marks, TOP + ROW * len(cameras) + 26, scale.zone)


@dataclass(frozen=True, slots=True)
class Node:
    """A camera of a path."""

    camera: str
    x: float
    y: float
    sightings: int


@dataclass(frozen=True, slots=True)
class Way:
    """Going from one camera to another: a curve, how often, and how long it took (seconds, the median)."""

    source: str
    target: str
    curve: str
    x: float
    y: float
    times: int
    seconds: float


@dataclass(frozen=True, slots=True)
class PathGraph:
    """Cameras, and the ways between them that somebody went."""

    nodes: tuple[Node, ...]
    ways: tuple[Way, ...]
    width: int
    height: int


def path_graph(matches: Sequence[Match]) -> PathGraph | None:
    """The ways of somebody between cameras; None where only one camera saw them."""
    ordered = sorted(matches, key=lambda match: match.first_seen)
    seen = Counter(match.camera for match in ordered)
    if len(seen) < 2:
        return None
    took: dict[tuple[str, str], list[float]] = defaultdict(list)
    for here, there in itertools.pairwise(ordered):
        if here.camera != there.camera:
            took[here.camera, there.camera].append((there.first_seen - here.last_seen).total_seconds())
    places = _places(list(dict.fromkeys(match.camera for match in ordered)))
    width = int(max(x for x, _ in places.values()) + 80)
    height = int(max(y for _, y in places.values()) + 64)
    nodes = tuple(Node(camera, *places[camera], count) for camera, count in seen.items())
    ways = tuple(_way(pair, gone, places) for pair, gone in took.items())
    return PathGraph(nodes, ways, width, height)


def _places(cameras: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Where cameras stand: two or three in a row, more on a circle in the order of the visit."""
    if len(cameras) <= 3:
        return {camera: (80.0 + 220 * i, 76.0) for i, camera in enumerate(cameras)}
    radius = max(120.0, 26.0 * len(cameras))
    middle = radius + 80
    turn = 2 * math.pi / len(cameras)
    return {
        camera: (round(middle + radius * math.cos(i * turn - math.pi / 2), 1),
                 round(middle + radius * math.sin(i * turn - math.pi / 2), 1))
        for i, camera in enumerate(cameras)
    }  # fmt: skip


def _way(pair: tuple[str, str], gone: list[float], places: dict[str, tuple[float, float]]) -> Way:
    (x1, y1), (x2, y2) = places[pair[0]], places[pair[1]]
    length = math.hypot(x2 - x1, y2 - y1)
    across = (-(y2 - y1) / length, (x2 - x1) / length)
    bend = -44.0 - 0.12 * max(length - 220, 0)
    middle = ((x1 + x2) / 2 + bend * across[0], (y1 + y2) / 2 + bend * across[1])
    start = _towards((x1, y1), middle, RADIUS)
    end = _towards((x2, y2), middle, RADIUS + 7)
    curve = f"M {start[0]:.1f} {start[1]:.1f} Q {middle[0]:.1f} {middle[1]:.1f} {end[0]:.1f} {end[1]:.1f}"
    label = ((x1 + x2) / 2 + 0.78 * bend * across[0], (y1 + y2) / 2 + 0.78 * bend * across[1] + 4)
    return Way(*pair, curve, round(label[0], 1), round(label[1], 1), len(gone), median(gone))


def _towards(place: tuple[float, float], other: tuple[float, float], by: float) -> tuple[float, float]:
    length = math.hypot(other[0] - place[0], other[1] - place[1])
    return place[0] + (other[0] - place[0]) * by / length, place[1] + (other[1] - place[1]) * by / length
