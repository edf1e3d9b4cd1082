"""What looking after an archive comes to."""

from __future__ import annotations

from surveil.app.base import Frozen


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
