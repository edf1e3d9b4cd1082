"""What the API takes and gives besides the library's own requests and results."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from surveil.accounts.permissions import Role
from surveil.app import (
    AuditPage,
    CaseList,
    DecisionLog,
    IdentityList,
    SearchRequest,
    SearchResult,
    Status,
)
from surveil.app.base import Frozen, Time
from surveil.web.api.examples import example

Number = Annotated[int, Field(ge=1, lt=2**63)]
Cursor = str | None
Name = Annotated[str, Field(min_length=1, max_length=200)]
Part = Annotated[float, Field(ge=0, le=1)]
MOST_SECONDS, MOST_DAYS = 100 * 366 * 86400.0, 100 * 366.0
"""A hundred years."""


class ProblemDetails(Frozen):
    """An error (RFC 9457, application/problem+json)."""

    type: str
    title: str
    status: int
    detail: str
    """What is wrong, and what to do next."""
    where: str | None = None
    """The part of the request that it concerns."""


class SearchPage(SearchResult):
    """The matches of one page. Crops are addresses; footage is its file's name."""

    next_cursor: Cursor = None
    """The `cursor` of the next page; null where there is none."""


class IdentityPage(IdentityList):
    """The identities of one page, those with most sightings first."""

    next_cursor: Cursor = None
    """The `cursor` of the next page; null where there is none."""


class DecisionPage(DecisionLog):
    """The decisions of one page, the newest first."""

    next_cursor: Cursor = None
    """The `cursor` of the next page; null where there is none."""


class FootagePage(Status):
    """The footage of one page, by camera and start."""

    next_cursor: Cursor = None
    """The `cursor` of the next page; null where there is none."""


class CasePage(CaseList):
    """The cases of one page, by name."""

    next_cursor: Cursor = None
    """The `cursor` of the next page; null where there is none."""


class AuditRecords(AuditPage):
    """The records of one page, the newest first."""

    next_cursor: Cursor = None
    """The `cursor` of the next page; null where there is none."""


class PictureExample(Frozen):
    """A picture that was handed in."""

    example: str
    """What to write into `SearchRequest.like`; it is kept for thirty days."""


class SavedSearchDraft(Frozen):
    """A search that is to be kept under a name."""

    model_config = example({"name": "red tops at the gate", "request": {"text": "red top", "cameras": ["gate"]}})
    name: Name
    request: SearchRequest
    watch: bool = False
    """Whether it is run on new footage."""


class WatchChange(Frozen):
    """Whether a saved search is run on new footage, and who is told of its hits."""

    model_config = example({"watch": True})
    watch: bool
    webhook: str | None = Field(default=None, max_length=2000)
    """A URL on this machine or on a host of the setting `webhook_hosts`, which is told of each hit; administrators
    only."""


class DecisionDraft(Frozen):
    """What is decided of an identity."""

    model_config = example({"kind": "name", "text": "the man with the blue bag"})

    kind: Literal["name", "note", "hide", "picture", "merge", "apart", "split", "move"]
    text: str | None = Field(default=None, max_length=10_000)
    """The name or the note; null takes it away."""
    hidden: bool = True
    """Whether it is left out of lists."""
    others: tuple[Number, ...] = ()
    """The identities that are the same person (merge), one that is not (apart), or the one a sighting shows (move)."""
    sightings: tuple[Number, ...] = ()
    """The sightings that are somebody else (split), that shows somebody else (move), or that is the picture."""
    seen: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    """`IdentityDetail.decision` of what was looked at: newer decisions about the same identities are a conflict."""


class CameraChange(Frozen):
    """What is to be said of a camera; what is null stays as it is."""

    model_config = example({"zone": "Europe/Berlin", "clock_offset": -62.5, "keep_days": 30})
    zone: str | None = Field(default=None, max_length=64)
    clock_offset: float | None = Field(default=None, ge=-MOST_SECONDS, le=MOST_SECONDS)
    """Seconds to add to the times that it stamps."""
    keep_days: float | None = Field(default=None, gt=0, le=MOST_DAYS)
    """Days after which the retention deletes who was seen."""


class JobDraft(Frozen):
    """Work that is to be done behind the request."""

    kind: Literal["ingest", "cluster", "export"]
    paths: tuple[str, ...] = ()
    """Of an ingest: footage, or folders of it; only what the server may ingest (`surveil serve --footage`)."""
    request: SearchRequest | None = None
    """Of an export: all its matches, up to 10,000, as CSV."""
    case: Name | None = None
    """Of an export: a case, in place of a request, as a signed package of evidence (zip)."""
    blur_others: bool = False
    """Of a case: whether everybody but the chosen people is made unrecognisable, and the originals are withheld."""


class JobStatus(Frozen):
    """Where a job stands."""

    job: int
    kind: str
    by: str
    made_at: Time
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    progress: float
    """The part that is done, 0 to 1."""
    message: str
    result: Any = None
    """What came of it."""
    file: str | None = None
    """Where the file of an export can be fetched, for an hour."""
    error: str | None = None


class JobList(Frozen):
    """The jobs of this server since it was started, the newest first."""

    jobs: tuple[JobStatus, ...]


class CaseDraft(Frozen):
    """A case that is to be opened."""

    model_config = example({"name": "theft of 14 September"})
    name: Name


class CaseChange(Frozen):
    """Whether a case is closed."""

    model_config = example({"closed": True})
    closed: bool


class CaseEntryDraft(Frozen):
    """What is to be put into a case: a sighting, or a stretch of footage."""

    sighting: Number | None = None
    footage: Number | None = None
    begin: float | None = Field(default=None, ge=0, le=MOST_SECONDS)
    """Seconds from the first frame of the footage."""
    end: float | None = Field(default=None, ge=0, le=MOST_SECONDS)
    note: str | None = Field(default=None, max_length=10_000)
    """What is to be seen."""


class RetentionDraft(Frozen):
    """A run of the retention."""

    model_config = example({"rehearse": True})
    rehearse: bool = True
    """Whether to tell only what would be deleted."""


class ForgettableDraft(Frozen):
    """Who may be to be forgotten; one of the three."""

    identity: Number | None = None
    sightings: tuple[Number, ...] = Field(default=(), max_length=10_000)
    like: str | None = None
    """An example: "sighting:N", "identity:N", or what `POST /pictures` gave."""
    min_probability: float = Field(default=0.9, ge=0, le=1)
    """With `like`: that it is the same person, calibrated on pairs of which half are."""


class ForgetDraft(Frozen):
    """Sightings that are to be deleted for good."""

    model_config = example({"sightings": [12, 36]})
    sightings: tuple[Number, ...] = Field(min_length=1, max_length=10_000)


class FootageChange(Frozen):
    """What is to be corrected of footage; what is null stays as it is."""

    model_config = example({"camera": "gate", "start": "2026-09-14T08:15:00+00:00"})
    camera: Name | None = None
    start: Time | None = None
    """When it begins; without an offset from UTC in the camera's zone."""


class BoxDraft(Frozen):
    """A person on a frame of a sighting's footage."""

    model_config = example({"seconds": 4.2, "box": [0.4, 0.2, 0.6, 0.9]})
    seconds: float = Field(ge=0, le=MOST_SECONDS)
    """When the frame is shown, in seconds of the footage."""
    box: tuple[Part, Part, Part, Part]
    """x1, y1, x2, y2 as parts of the frame's width and height."""


class Me(Frozen):
    """Who asks."""

    name: str
    role: Role
    cameras: tuple[str, ...] | None
    """The only cameras that they may see; null: all."""
    may: tuple[str, ...]
    """The actions that they may do, with this token."""


class UserDraft(Frozen):
    """An account that is to be added."""

    model_config = example({"name": "maria", "password": "correct horse battery", "role": "investigator"})
    name: Name
    password: str = Field(max_length=1000)
    role: Role
    cameras: tuple[Name, ...] | None = None
    """The only cameras that it may see, of those that its role may see; null: all of these."""


class UserChange(Frozen):
    """What is to be changed of an account; what is left out stays as it is."""

    model_config = example({"role": "supervisor"})
    role: Role | None = None
    password: str | None = Field(default=None, max_length=1000)
    cameras: tuple[Name, ...] | None = None
    """The only cameras that it may see; null: all that its role may."""
    disabled: bool | None = None


class RoleCameras(Frozen):
    """The only cameras that a role may see; null: all."""

    model_config = example({"cameras": ["gate"]})
    cameras: tuple[Name, ...] | None


class TokenDraft(Frozen):
    """An API token that is to be made."""

    model_config = example({"user": "maria", "name": "nightly report", "scopes": ["search", "see"], "days": 30})
    user: Name
    name: Name
    """What it is for."""
    scopes: tuple[str, ...] = Field(min_length=1, max_length=50)
    """The only actions that it allows."""
    days: float = Field(default=90, gt=0, le=366)


class RolledBack(Frozen):
    """The run that an earlier clustering became."""

    clustering: int


class ForgottenSearches(Frozen):
    """How many searches were forgotten."""

    searches: int
