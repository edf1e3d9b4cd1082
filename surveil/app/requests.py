"""What can be asked of an archive."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field

from surveil.app.base import Frozen, Time, TimeOfDay

STORED = re.compile(r"(sighting|identity):(\d{1,18})")
"""An example that is somebody of the archive."""
KEPT = re.compile(r"(picture|person):([0-9a-f]{64})")
"""An example that was handed in, see `surveil.app.handed_in`: a picture with a person in it, or a person cut out."""
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class SearchRequest(Frozen):
    """Who is looked for. Every filter must be passed; of several values of one filter, one is enough.

    With `like`, the sightings that pass are ranked by similarity; without, by the probability that they have the
    attributes asked for; without these too, the latest come first. A request for nothing browses.
    """

    text: str | None = None
    """A description in plain words; what it says is added to the other filters."""
    like: tuple[str, ...] = ()
    """Who is looked for: paths of pictures, in each of which the person is found and cut out; "sighting:12" or
    "identity:7" for somebody of the archive, and what `Archive.hand_in` gave for a picture."""
    unlike: tuple[str, ...] = ()
    """Who is not meant, in the same way."""
    person: int | None = None
    """Which person of the `like` pictures, counted from the left, from 1; else the only one, or the largest."""
    cameras: tuple[str, ...] = ()
    """Names of cameras."""
    footage: tuple[str, ...] = ()
    """Paths of footage, or names of files."""
    identities: tuple[str, ...] = ()
    """Numbers of identities, or names that the operator gave."""
    min_height: int | None = Field(default=None, ge=1)
    """Pixels that the best crop must be high."""
    newer_than: int | None = Field(default=None, ge=0)
    """Only sightings that were stored after the one of this number."""
    after: Time | None = None
    """In view at this time or later; without an offset from UTC it is in `zone`."""
    before: Time | None = None
    """In view before this time."""
    zone: str = "UTC"
    """Time zone of `after`, `before` and of "today" in the text."""
    attributes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """The allowed labels of each attribute asked for; see `surveil.attributes`."""
    only: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Labels that the person certainly has, and no others of the attribute: nothing but red, say."""
    without: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Labels that the person certainly has not."""
    weekdays: tuple[Weekday, ...] = ()
    """Days of the week, on the camera's clock."""
    time_from: TimeOfDay | None = None
    """Time of day, on the camera's clock, at which a part of each day begins."""
    time_to: TimeOfDay | None = None
    """Time of day at which it ends; at or before `time_from`, on the next day."""
    min_confidence: float | None = Field(default=None, ge=0, le=1)
    """Least probability of each attribute asked for; None: where the model itself draws the line."""
    limit: int = Field(default=20, ge=1)
    """How many matches at most."""
    offset: int = Field(default=0, ge=0)
    """How many of the best to pass over: `SearchResult.next_offset` of the page before."""
    sort: Literal["newest", "oldest", "largest"] | None = None
    """The order; None: the best match first. With `like`, its best matches are sorted."""
    group: Literal["identity", "visit", "look"] | None = None
    """One match for each identity, for each visit of an identity to a camera, or of those who look alike; `limit` and
    `offset` count them."""
    refine: bool = False
    """Re-rank the best matches of `like` by mutual neighbours: better at the top, and slower."""
    facets: bool = False
    """Whether to tell how those who pass the filters are spread over cameras, hours, colours and the rest."""
