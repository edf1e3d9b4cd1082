"""Who is seen with whom, and whether that is more than chance.

Two who walk together pass the same cameras within seconds of each other, visit after visit. In a busy hour strangers do
too: so each visit is also moved to every other time at which its camera looked, up to half an hour away, and the part
of these times that has the other one near is how likely chance is to bring them together. Rush hours and habits of the
day are thereby no evidence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveil.identities.timeline import Visit
from surveil.store.tables import Camera, Footage, Identity, SightingRow

NEAR = timedelta(seconds=10)
"""Who is seen by the same camera within this time of somebody may be with them."""
AROUND = timedelta(minutes=30)
"""How far a visit is moved to learn what chance does."""
MIN_TOGETHER = 2
"""Visits on which two must have been near each other: once happens."""
MAX_P_VALUE = 0.05
"""How likely chance may be to bring up a companion at all; shared among all who were near often enough (Bonferroni)."""
MAX_VISITS = 300
"""Of more visits, only the latest are looked at."""

Spans = NDArray[np.float64]
"""(n, 2) begins and ends, in seconds."""


@dataclass(frozen=True, slots=True)
class Companion:
    """Somebody seen with an identity more often than chance explains.

    Attributes:
        identity: Who.
        name: What the operator calls them.
        together: On how many visits they were near.
        visits: How many visits were looked at.
        expected: On how many visits chance would have brought them near.
        p_value: How likely chance is to bring them near on as many visits, or more.
    """

    identity: int
    name: str | None
    together: int
    visits: int
    expected: float
    p_value: float


@dataclass(slots=True)
class _Tally:
    together: int = 0
    chances: list[float] = field(default_factory=list)


def find_companions(session: Session, identity: int, visits: Sequence[Visit], *, limit: int = 5) -> list[Companion]:
    """Who is seen near an identity on two visits or more, and more often than by chance; the least likely first.

    Args:
        session: A session.
        identity: Whose companions.
        visits: Its visits.
        limit: How many companions at most.
    """
    visits = sorted(visits, key=lambda visit: visit.last)[-MAX_VISITS:]
    tallies: dict[int, _Tally] = defaultdict(_Tally)
    clocks = {camera: _clock(session, camera) for camera in {visit.camera for visit in visits}}
    for visit in visits:
        footage, watched = _footage(session, visit, clocks[visit.camera])
        for other, spans in _others(session, identity, visit, footage).items():
            near, chance = nearness(_spans((one.first, one.last) for one in visit.seen), spans, watched)
            tallies[other].together += near
            tallies[other].chances.append(chance)
    often = {other: tally for other, tally in tallies.items() if tally.together >= MIN_TOGETHER}
    names: Mapping[int, str | None] = dict(
        session.execute(select(Identity.id, Identity.name).where(Identity.id.in_(often))).all()
    )
    found = [
        Companion(other, names.get(other), tally.together, len(visits), sum(tally.chances), _p_value(tally))
        for other, tally in often.items()
    ]
    found = [companion for companion in found if companion.p_value * len(often) <= MAX_P_VALUE]
    return sorted(found, key=lambda companion: (companion.p_value, -companion.together, companion.identity))[:limit]


def nearness(own: Spans, other: Spans, watched: Spans) -> tuple[bool, float]:
    """Whether somebody was near on a visit, and the part of the times the visit could have been at that has them near.

    Args:
        own: (k, 2) the sightings of the visit.
        other: (n, 2) sightings of the other one by the same camera.
        watched: (m, 2) when the camera looked, in order and apart.
    """
    near = NEAR.total_seconds()
    # Moved by d seconds, a sighting of the visit comes near a sighting of the other for d between these.
    begins = other[None, :, 0] - own[:, None, 1] - near
    ends = other[None, :, 1] - own[:, None, 0] + near
    moves = np.stack([begins.ravel(), ends.ravel()], axis=1)
    together = bool(((moves[:, 0] <= 0) & (moves[:, 1] >= 0)).any())
    # The whole visit must fit into a time at which the camera looked.
    possible = np.stack([watched[:, 0] - own[:, 0].min(), watched[:, 1] - own[:, 1].max()], axis=1)
    possible = possible[possible[:, 1] > possible[:, 0]]
    if not len(possible):
        return together, float(together)  # it could have been at no other time: that proves nothing
    moves = merge_spans(moves)
    shared = np.minimum(moves[:, None, 1], possible[None, :, 1]) - np.maximum(moves[:, None, 0], possible[None, :, 0])
    return together, float(np.clip(shared, 0, None).sum() / (possible[:, 1] - possible[:, 0]).sum())


def merge_spans(spans: Spans, gap: float = 0.0) -> Spans:
    """Spans in order, those that touch, or are no more than `gap` seconds apart, as one."""
    spans = spans[np.argsort(spans[:, 0])]
    ends = np.maximum.accumulate(spans[:, 1])
    begins_anew = np.append(True, spans[1:, 0] > ends[:-1] + gap)
    starts = np.flatnonzero(begins_anew)
    return np.stack([spans[starts, 0], ends[np.append(starts[1:] - 1, len(spans) - 1)]], axis=1)


@dataclass(frozen=True, slots=True)
class _Clock:
    """Of a camera: what is added to the times of its footage, and how long its longest footage lasts."""

    offset: timedelta
    longest: timedelta


def _clock(session: Session, camera: int) -> _Clock:
    offset = session.scalars(select(Camera.clock_offset).where(Camera.id == camera)).one()
    longest = session.scalar(select(func.max(Footage.duration)).where(Footage.camera_id == camera))
    return _Clock(timedelta(seconds=offset), timedelta(seconds=longest or 0))


def _footage(session: Session, visit: Visit, clock: _Clock) -> tuple[list[int], Spans]:
    """The footage of a camera around a visit, and when the camera looked; (0, 2) where its footage has no length."""
    begin, end = visit.first - AROUND, visit.last + AROUND
    rows = select(Footage.id, Footage.started_at, Footage.duration).where(
        Footage.camera_id == visit.camera,
        Footage.started_at <= end - clock.offset,
        Footage.started_at >= begin - clock.offset - clock.longest,
    )
    found = session.execute(rows).all()
    times = [(start + clock.offset, start + clock.offset + timedelta(seconds=length)) for _, start, length in found]
    spans = np.clip(_spans(times), begin.timestamp(), end.timestamp())
    spans = spans[spans[:, 1] > spans[:, 0]]
    return [key for key, _, _ in found], merge_spans(spans, NEAR.total_seconds()) if len(spans) else spans


def _others(session: Session, identity: int, visit: Visit, footage: Sequence[int]) -> dict[int, Spans]:
    """Of everybody else who is seen in some footage around the time of a visit: when."""
    rows = select(SightingRow.identity_id, SightingRow.first_seen, SightingRow.last_seen).where(
        SightingRow.footage_id.in_(footage),
        SightingRow.first_seen <= visit.last + AROUND,
        SightingRow.last_seen >= visit.first - AROUND,
        SightingRow.identity_id != identity,
    )
    found: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    for other, first, last in session.execute(rows):
        if other is not None:
            found[other].append((first, last))
    return {other: _spans(times) for other, times in found.items()}


def _spans(times: Iterable[tuple[datetime, datetime]]) -> Spans:
    return np.array([[one.timestamp() for one in pair] for pair in times], np.float64).reshape(-1, 2)


def _p_value(tally: _Tally) -> float:
    """The probability of as many meetings or more, each visit having a chance of its own (Poisson binomial)."""
    counts = np.ones(1)
    for chance in tally.chances:
        counts = np.convolve(counts, [1 - chance, chance])
    return float(counts[tally.together :].sum())
