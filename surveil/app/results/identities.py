"""What is told of identities, of decisions and of clusterings."""

from __future__ import annotations

from surveil.app.base import Frozen, Time
from surveil.app.results.search import Match


class IdentitySummary(Frozen):
    """An identity at a glance; its times are None when it has no sighting now."""

    identity: int
    name: str | None
    sightings: int
    cameras: tuple[str, ...]
    first_seen: Time | None
    last_seen: Time | None
    note: str | None = None
    """What the operator noted."""
    hidden: bool = False
    """Whether the operator left it out of lists."""


class IdentityList(Frozen):
    """The identities that have sightings or a name, those with most sightings first."""

    identities: tuple[IdentitySummary, ...]


class Visit(Frozen):
    """A stay before one camera: sightings of which none comes more than five minutes after another."""

    first_seen: Time
    last_seen: Time
    sightings: tuple[int, ...]


class CameraTimeline(Frozen):
    """When one camera saw an identity."""

    camera: str
    zone: str
    """Time zone of the camera."""
    visits: tuple[Visit, ...]


class Companion(Frozen):
    """Somebody who was seen by the same cameras within seconds, more often than chance explains."""

    identity: int
    name: str | None
    together: int
    """On how many visits."""
    visits: int
    """Of how many."""
    expected: float
    """On how many chance would have brought them together, had each visit been at another time of the same hour."""
    p_value: float
    """How likely chance is to bring them together so often, or more often."""


class MergeSuggestion(Frozen):
    """An identity that may be the same person; never one that cannot be, or was decided not to be."""

    identity: int
    name: str | None
    sightings: int
    similarity: float
    """The mean over all pairs of a sighting of the one and one of the other."""
    probability: float
    """That a pair of so high a similarity shows one person, where half of all pairs do."""


class IdentityDetail(Frozen):
    """An identity with its sightings, in order of time."""

    identity: int
    name: str | None
    first_seen: Time | None = None
    """None when it has no sighting now."""
    last_seen: Time | None = None
    sightings: tuple[Match, ...]
    timeline: tuple[CameraTimeline, ...] = ()
    """By the name of the camera."""
    companions: tuple[Companion, ...] = ()
    """The least likely by chance first."""
    suggestions: tuple[MergeSuggestion, ...] = ()
    """Whom to look at next: the likeliest first."""
    note: str | None = None
    """What the operator noted."""
    hidden: bool = False
    """Whether the operator left it out of lists."""
    picture: int | None = None
    """The sighting that the operator took for its picture."""
    decision: int = 0
    """The newest decision of anybody: what to give as `seen` when deciding on what is shown here."""


class DecisionEntry(Frozen):
    """A decision of an operator."""

    decision: int
    made_at: Time
    actor: str
    kind: str
    identities: tuple[int, ...]
    """Those that it concerns."""
    summary: str
    """What it says, in words."""
    undone_by: int | None
    """The decision that took it back."""


class DecisionLog(Frozen):
    """Decisions, the newest first."""

    decisions: tuple[DecisionEntry, ...]


class ClusteringResult(Frozen):
    """What a clustering came to; see `surveil.identities.cluster.Outcome`."""

    clustering: int
    sightings: int
    identities: int
    largest: int
    single: int
    kept_apart: int
    threshold: float | None
    seconds: float


class RunSummary(Frozen):
    """A clustering that was stored."""

    clustering: int
    made_at: Time
    method: str
    sightings: int
    identities: int
    has_members: bool
    """Whether one can go back to it."""


class RunList(Frozen):
    """Clusterings, the newest first."""

    runs: tuple[RunSummary, ...]


class IdentityChange(Frozen):
    """What became of an identity: how many sightings came from and went to which others (null: none)."""

    identity: int
    name: str | None
    before: int
    after: int
    came: tuple[tuple[int | None, int], ...]
    went: tuple[tuple[int | None, int], ...]


class IdentityDiff(Frozen):
    """The identities that are not what they were, the most changed first."""

    changes: tuple[IdentityChange, ...]
