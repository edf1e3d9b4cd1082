"""What the API takes and gives besides the library's own requests and results."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from surveil.app import (
    AuditPage,
    DecisionLog,
    IdentityList,
    SearchRequest,
    SearchResult,
    Status,
)
from surveil.app.base import Frozen, Time

Number = Annotated[int, Field(ge=1, lt=2**63)]
Cursor = str | None


class Problem(Frozen):
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


class AuditRecords(AuditPage):
    """The records of one page, the newest first."""

    next_cursor: Cursor = None
    """The `cursor` of the next page; null where there is none."""


class Example(Frozen):
    """A picture that was handed in."""

    example: str
    """What to write into `SearchRequest.like`; it is kept for thirty days."""


class SavedSearchDraft(Frozen):
    """A search that is to be kept under a name."""

    name: str = Field(min_length=1, max_length=200)
    request: SearchRequest
    watch: bool = False
    """Whether it is run on new footage."""


class Decision(Frozen):
    """What is decided of an identity."""

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

    zone: str | None = None
    clock_offset: float | None = Field(default=None, allow_inf_nan=False)
    """Seconds to add to the times that it stamps."""


class JobDraft(Frozen):
    """Work that is to be done behind the request."""

    kind: Literal["ingest", "cluster", "export"]
    paths: tuple[str, ...] = ()
    """Of an ingest: footage, or folders of it; only what the server may ingest (`surveil serve --footage`)."""
    request: SearchRequest | None = None
    """Of an export: all its matches, up to 10,000, as CSV."""


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
    """What came of it; of an export, the address of the file."""
    error: str | None = None


class JobList(Frozen):
    """The jobs of this server since it was started, the newest first."""

    jobs: tuple[JobStatus, ...]
