"""What a search answers."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, Field

from surveil.app.base import Frozen, Time
from surveil.app.requests import SearchRequest

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
    taken_as: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Shades that the text names, such as navy, and the colours that they were taken for."""
    cameras: tuple[str, ...] = ()
    footage: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()
    min_height: int | None = None
    newer_than: int | None = None
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

    value: str = Field(validation_alias=AliasChoices("value", "label"))
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


class FilterWorth(Frozen):
    """What a filter is worth on people that the model in use did not learn from, as its card says; 0 to 1.

    Of several values of one attribute, each is told as if it were asked for alone.
    """

    filter: str
    """Such as "upper_colour red", "only upper_colour red" or "not upper_colour red"."""
    least: float | None = None
    """Where a least probability is asked for: the nearest one at which this was measured."""
    precision: float | None
    """Share of those who pass that have what is asked for; None where nobody passed."""
    recall: float | None
    """Share of those who have it that pass; None where nobody had it."""
    share: float
    """Of all there that had it. Where it is rarer, the precision is lower."""
    measured_on: str


class SearchResult(Frozen):
    """The matches, best first."""

    understood: Understood
    matches: tuple[Match, ...]
    next_offset: int | None = None
    """The `offset` of the next page; None where there is none."""
    gallery: Gallery | None = None
    facets: dict[str, dict[str, int]] | None = None
    """Numbers of sightings by hour on the camera's clock, and by camera and each attribute's labels: how many would
    pass if only this camera or label were asked for, and all else that is asked for stayed."""
    filters: tuple[FilterWorth, ...] = ()
    """What the values that are asked for are worth, where the card of the model in use has it."""
    filters_unmeasured: tuple[str, ...] = ()
    """The values that are asked for of which the card has nothing, such as "only lower_colour purple"."""
    passing: dict[str, int] | None = None
    """Where nobody was found: how many sightings pass each filter alone."""
    not_remembered: str | None = None
    """Why the search is not in the history although it should be."""


class SightingDetail(Frozen):
    """Everything stored of one sighting."""

    match: Match
    boxes: tuple[tuple[float, float, float, float, float, float], ...]
    """Seconds from the start of the footage, x1, y1, x2, y2 in pixels, and score of each detection."""
    crops: tuple[str, ...]
    """Paths of its crops, best first."""
    footage: int = 0
    """Number of the footage."""
    is_film: bool = True
    """Whether there are frames to show: a folder of crops has none."""
    probabilities: dict[str, dict[str, float]] = Field(default_factory=dict)
    """The probability of every label of each attribute."""


class Reliability(Frozen):
    """What an output of the model in use is worth, as its card says.

    Areas under the ROC curve: 0.5 is guessing, 1 is without error.
    """

    output: str
    """One of `surveil.attributes.OUTPUT_NAMES`."""
    familiar: float | None
    """On new people, in places that training knew."""
    elsewhere: float | None
    """In places that no training saw: the mean of those that tell."""


class ReliabilityList(Frozen):
    """What every output of the model in use is worth."""

    model: str
    limits: str
    """What the model cannot do, in words."""
    outputs: tuple[Reliability, ...]


class HourCount(Frozen):
    """How many people a camera saw in an hour."""

    camera: str
    hour: Time
    """When it begins."""
    sightings: int
    people: int
    """Different identities; a sighting without one counts as somebody."""


class Counts(Frozen):
    """People per camera and hour; hours of nobody are left out."""

    zone: str
    counts: tuple[HourCount, ...]


class PastSearch(Frozen):
    """A search that was made."""

    made_at: Time
    request: SearchRequest
    found: int
    """How many matches were shown."""
    more: bool
    """Whether there were more."""


class SearchHistory(Frozen):
    """Searches that were made, the newest first."""

    searches: tuple[PastSearch, ...]


class SavedSearch(Frozen):
    """A search under a name; one that is watched is run on footage as it is ingested."""

    name: str
    request: SearchRequest
    made_at: Time
    watch: bool
    webhook: str | None = None
    """Where each hit is told; see docs/webhooks.md."""


class WatchedSearch(SavedSearch):
    """A search that is watched from now on."""

    secret: str | None = None
    """With which its hits are signed; it is told this once."""


class NewHits(Frozen):
    """What a saved search finds that was stored since somebody last looked at it."""

    search: SavedSearch
    since: int | None
    """The newest sighting when they last looked; null: they never did."""
    result: SearchResult | None
    error: str | None = None
    """Why the search cannot be answered any more; then there is no result."""


class NewHitsList(Frozen):
    """The new hits of each saved search, by its name."""

    searches: tuple[NewHits, ...]
    newest: int
    """The newest sighting of now: once somebody has looked at these, tell it to `Archive.look_at_search`."""


class SavedSearchList(Frozen):
    """The saved searches by name."""

    searches: tuple[SavedSearch, ...]


class WatchResult(Frozen):
    """What a watched search found in new footage."""

    name: str
    footage: Path
    result: SearchResult | None
    error: str | None = None
    """Why the search cannot be answered any more; then there is no result."""
    webhook_error: str | None = None
    """Why its hits could not be told where the search says."""
