"""What an archive answers about cases and evidence."""

from __future__ import annotations

from surveil.app.base import Frozen, Time


class CaseSummary(Frozen):
    """A case at a glance."""

    name: str
    made_at: Time
    made_by: str
    closed_at: Time | None
    """While this is null its footage is kept from being deleted."""
    items: int


class CaseList(Frozen):
    """The cases by name."""

    cases: tuple[CaseSummary, ...]


class CaseEntry(Frozen):
    """A stretch of footage in a case, and the sighting that it is about, if any."""

    item: int
    """Its number."""
    footage: int
    path: str
    camera: str
    begin: float
    """Seconds from the first frame of the footage."""
    end: float
    sighting: int | None
    note: str | None
    added_at: Time
    added_by: str


class CaseDetail(CaseSummary):
    """A case with what is in it, in the order in which it was added."""

    entries: tuple[CaseEntry, ...]


class EvidenceExport(Frozen):
    """A package of evidence that was written."""

    path: str
    case: str
    exhibits: int
    blurred: bool
    """Whether the others in the pictures were made unrecognisable."""
    manifest_sha256: str
    key_fingerprint: str
    """Of the key that signed it: tell it, another way than with the package, to whoever is to verify it."""


class EvidenceVerified(Frozen):
    """What a package of evidence turned out to be."""

    problems: tuple[str, ...]
    """Why it is not what was signed; none where it is."""
    key_fingerprint: str | None
    """Of the key that signed it. Anybody can make a key: it must be the one that its maker tells."""
    case: str | None
    made_at: str | None
    made_by: str | None
    files: int
