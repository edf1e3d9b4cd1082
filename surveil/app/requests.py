"""What can be asked of an archive."""

from __future__ import annotations

from pydantic import Field

from surveil.app.base import Frozen, Time


class SearchRequest(Frozen):
    """Who is looked for. Every filter must be passed; of several values of one filter, one is enough.

    With `like`, the sightings that pass are ranked by similarity; without, by the probability that they have the
    attributes asked for; without these too, the earliest come first.
    """

    text: str | None = None
    """A description in plain words; what it says is added to the other filters."""
    like: tuple[str, ...] = ()
    """Paths of pictures of who is looked for; the person is found in each and cut out."""
    unlike: tuple[str, ...] = ()
    """Paths of pictures of who is not meant."""
    person: int | None = None
    """Which person of the `like` pictures, counted from the left, from 1; else the only one, or the largest."""
    cameras: tuple[str, ...] = ()
    """Names of cameras."""
    after: Time | None = None
    """In view at this time or later; without an offset from UTC it is in `zone`."""
    before: Time | None = None
    """In view before this time."""
    zone: str = "UTC"
    """Time zone of `after`, `before` and of "today" in the text."""
    attributes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """The allowed labels of each attribute asked for; see `surveil.attributes`."""
    min_confidence: float | None = Field(default=None, ge=0, le=1)
    """Least probability of each attribute asked for; None: where the model itself draws the line."""
    limit: int = Field(default=20, ge=1)
    """How many matches at most."""
