"""What an archive answers about deleting people."""

from __future__ import annotations

from pydantic import Field

from surveil.app.base import Frozen, Time
from surveil.app.results.search import Match


class Removal(Frozen):
    """How much was deleted, or, of a rehearsal, would be; never what."""

    sightings: int
    pictures: int
    identities: int
    """Identities that had no other sightings."""
    decisions: int
    """Decisions of operators in which they were blanked; a rehearsal does not count these."""
    searches: int
    """Saved searches that named them; a rehearsal does not count these."""
    handed_in: int = 0
    """Pictures that somebody searched by, and that no saved search asks for: they may show the same people."""
    held: dict[str, int] = Field(default_factory=dict)
    """How many sightings stay, by the reason: the open cases that hold their footage, or that it is worked on."""
    traces_erased: bool = True
    """Whether nothing of them is left in the database's files; false: others were using it all the time, run again."""
    rehearsed: bool = False
    """Whether nothing was deleted."""


class CameraRetention(Frozen):
    """What is past a camera's days."""

    camera: str
    keep_days: float
    before: Time
    """Who was last in view before this time goes."""
    sightings: int


class RetentionResult(Frozen):
    """What a run of the retention came to."""

    cameras: tuple[CameraRetention, ...]
    """Those that do not keep everything."""
    removal: Removal


class Forgettable(Frozen):
    """Who would be forgotten."""

    sightings: tuple[int, ...]
    """Their numbers: what to give to `retention.forget`."""
    matches: tuple[Match, ...]
    """The same to look at; those that the model in use never described are left out."""
    removal: Removal
