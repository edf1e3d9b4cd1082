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


class IdentityDetail(Frozen):
    """An identity with its sightings, in order of time."""

    identity: int
    name: str | None
    sightings: tuple[Match, ...]
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
    recall: float
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
