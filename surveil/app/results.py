"""What an archive answers. The names are the keys of the JSON: they may be added to, never renamed."""

from __future__ import annotations

from pydantic import Field

from surveil.app.base import Frozen, Time
from surveil.app.requests import SearchRequest
from surveil.types import FootageReport, FootageWarning, FrameCounts

Box = tuple[float, float, float, float]


class Phrase(Frozen):
    """Words of a description, as written, and what they mean, or why they were not understood."""

    words: str
    meaning: str


class ExamplePicture(Frozen):
    """An example of a request, and which person was taken from it."""

    picture: str
    """As it was given."""
    taken: str
    """What was done to get the person, in words."""
    box: Box | None = None
    """x1, y1, x2, y2 of the person, in pixels; None: the whole picture is the crop of a person."""
    crop: str | None = None
    """Of a sighting or an identity: path of its best crop."""


class Understood(Frozen):
    """What a search was taken to ask, for whoever asked to check."""

    text: str | None = None
    phrases: tuple[Phrase, ...] = ()
    unknown: tuple[Phrase, ...] = ()
    cameras: tuple[str, ...] = ()
    footage: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()
    min_height: int | None = None
    after: Time | None = None
    before: Time | None = None
    when: str | None = None
    attributes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    only: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    without: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    min_confidence: float | None = None
    like: tuple[ExamplePicture, ...] = ()
    unlike: tuple[ExamplePicture, ...] = ()


class AttributeValue(Frozen):
    """The likeliest label of an attribute, and its probability."""

    value: str
    probability: float


class Match(Frozen):
    """A sighting that was found."""

    sighting: int
    footage: str
    """Path of the footage."""
    camera: str
    zone: str
    """Time zone of the camera."""
    first_seen: Time
    last_seen: Time
    box: Box | None
    """x1, y1, x2, y2 of the best crop, in pixels of its frame; None when there is no crop."""
    similarity: float | None
    """Dot product with the example, -1 to 1; None without one."""
    probability: float | None
    """With an example, that it is the same person (None without calibration); else, that she has all that is asked."""
    gallery_probability: float | None = None
    """The same among as many candidates as there are, of whom few show the person; see `Gallery`."""
    expected_false: float | None = None
    """How many false matches to expect among this one and all before it."""
    attributes: dict[str, AttributeValue]
    identity: int | None
    name: str | None
    """What the operator calls the identity."""
    crop: str | None
    """Path of the best crop."""
    others: tuple[int, ...] = ()
    """In a grouped search: the other sightings of the group that were found, best first."""


class Gallery(Frozen):
    """What `gallery_probability` supposes, beside the calibration: a random candidate shows the person with the
    probability expected / candidates.
    """

    candidates: int
    """Sightings that pass the filters."""
    expected: float
    """How many of them show the person: as many as an identity has on average, in proportion; one before the first
    clustering."""


class SearchResult(Frozen):
    """The matches, best first."""

    understood: Understood
    matches: tuple[Match, ...]
    next_offset: int | None = None
    """The `offset` of the next page; None where there is none."""
    gallery: Gallery | None = None
    facets: dict[str, dict[str, float]] | None = None
    """Numbers of sightings that pass the filters, by camera, by hour on the camera's clock and by each attribute's
    labels (expected numbers, which need not be whole)."""
    passing: dict[str, int] | None = None
    """Where nobody was found: how many sightings pass each filter alone."""


class SavedSearch(Frozen):
    """A search under a name; one that is watched is run on footage as it is ingested."""

    name: str
    request: SearchRequest
    made_at: Time
    watch: bool


class SavedSearchList(Frozen):
    """The saved searches by name."""

    searches: tuple[SavedSearch, ...]


class WatchResult(Frozen):
    """What a watched search found in new footage."""

    name: str
    result: SearchResult | None
    error: str | None = None
    """Why the search cannot be answered any more; then there is no result."""


class SightingDetail(Frozen):
    """Everything stored of one sighting."""

    match: Match
    boxes: tuple[tuple[float, float, float, float, float, float], ...]
    """Seconds from the start of the footage, x1, y1, x2, y2 in pixels, and score of each detection."""
    crops: tuple[str, ...]
    """Paths of its crops, best first."""


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


class IngestResult(Frozen):
    """What became of each piece of footage, and what the watched searches found in it."""

    footage: tuple[FootageReport, ...]
    watched: tuple[WatchResult, ...] = ()


class FootageStatus(Frozen):
    """A piece of footage in the database."""

    footage: int
    """Its number."""
    path: str
    camera: str
    camera_from: str
    started_at: Time
    started_from: str
    duration: float
    state: str
    stale: bool
    """Whether it is being worked on by a worker that is gone: the next run goes on with it."""
    progress: float
    """The part that is done, 0 to 1."""
    frames: FrameCounts
    sightings: int
    warnings: tuple[FootageWarning, ...]
    error: str | None


class Status(Frozen):
    """The footage in the database, by camera and start."""

    footage: tuple[FootageStatus, ...]


class CameraSettings(Frozen):
    """What an operator says of a camera."""

    camera: str
    zone: str
    clock_offset: float
    """Seconds that are added to the times it stamps."""


class CameraStatus(CameraSettings):
    """A camera, and how much it has seen."""

    footage: int
    sightings: int


class CameraList(Frozen):
    """The cameras by name."""

    cameras: tuple[CameraStatus, ...]


class Problem(Frozen):
    """Something that is wrong with the store: which check found it, what it is, how often, and a few examples."""

    check: str
    what: str
    count: int
    examples: tuple[str, ...]


class CheckResult(Frozen):
    """Whether the store is whole."""

    rows: dict[str, int] | None
    """How much there is of what; None when the database cannot be read."""
    problems: tuple[Problem, ...]
    unreferenced_pictures: int | None
    """Pictures that belong to no sighting."""
    partial_files: int | None = None
    """Files in the media folder that were left half written, or are being written."""
    collected_files: int | None = None
    """Of both, how many were deleted; None when that was not asked for."""


class UpgradeResult(Frozen):
    """The revision of the schema before (None: there was none) and after an upgrade."""

    before: str | None
    after: str
