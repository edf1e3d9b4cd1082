"""Answering a search: what its words, filters and pictures come to together, who is found, and why nobody is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from surveil.app.models import LoadedModels
from surveil.app.pages import find_page
from surveil.app.reliability import worth_of
from surveil.app.requests import SearchRequest
from surveil.app.results import Counts, Gallery, HourCount, Match, Phrase, SearchResult, Understood
from surveil.errors import QueryError
from surveil.search.counts import count_by_hour, newest_days
from surveil.search.facets import count_facets
from surveil.search.filters import Filters, count_passing
from surveil.search.gallery import GallerySize, expected_false, gallery_of, in_gallery
from surveil.search.grouping import Group
from surveil.search.rank import RankedSighting
from surveil.search.text import ParsedQuery, parse_query
from surveil.search.time_window import WEEKDAYS, TimeWindow
from surveil.search.time_words import join_windows
from surveil.store.cameras import camera_names
from surveil.store.media import MediaFolder
from surveil.store.session import Database
from surveil.timezones import in_zone, zone_named

if TYPE_CHECKING:
    from surveil.app.examples import Examples


def answer(database: Database, media: MediaFolder, models: LoadedModels, request: SearchRequest) -> SearchResult:
    """Search, and tell what was understood.

    Raises:
        QueryError: The request asks for something that cannot be answered.
        StoreError: The database cannot be read, or is empty.
        CheckpointError: A network cannot be loaded.
    """
    with database.session() as session:
        filters, parsed = _filters(session, request)
    examples = _examples(database, media, models, request)
    example = examples.example if examples else None
    found, more = find_page(database, filters, example, request)
    with database.session() as session:
        passing = None if found or request.offset else count_passing(session, filters)
        gallery = gallery_of(session, filters) if example and example.is_person else None
        facets = count_facets(session, filters, database) if request.facets else None
        worth, unmeasured = worth_of(session, filters)
    return SearchResult(
        understood=_understood(request, filters, parsed, examples),
        matches=tuple(_matches(found, media, gallery, request)),
        passing=passing,
        next_offset=request.offset + request.limit if more else None,
        gallery=Gallery(candidates=gallery.candidates, expected=gallery.expected) if gallery else None,
        facets=facets,
        filters=worth,
        filters_unmeasured=unmeasured,
    )


def _examples(database: Database, media: MediaFolder, models: LoadedModels, request: SearchRequest) -> Examples | None:
    """The examples of a request; what reads pictures is imported for those that have some."""
    if not (request.like or request.unlike):
        return None
    from surveil.app.examples import take_examples

    return take_examples(database, media, models, request)


def _matches(
    found: Sequence[Group], media: MediaFolder, gallery: GallerySize | None, request: SearchRequest
) -> Iterator[Match]:
    """The matches, with what each is worth among all candidates; the count of false ones begins with the best."""
    matches = [
        as_match(group.best, media).model_copy(update={"others": tuple(other.sighting for other in group.others)})
        for group in found
    ]
    known = [match.probability for match in matches if match.probability is not None]
    if gallery is None or len(known) < len(found):
        yield from matches
        return
    among = in_gallery(known, gallery)
    counted = request.offset == 0 and request.sort is None
    false = expected_false(among) if counted else [None] * len(among)
    for match, probability, wrong in zip(matches, among, false, strict=True):
        yield match.model_copy(update={"gallery_probability": probability, "expected_false": wrong})


def as_match(sighting: RankedSighting, media: MediaFolder) -> Match:
    """A sighting as it is shown to whoever asked."""
    crop = str(media.path(sighting.crop)) if sighting.crop else None
    return Match.model_validate(sighting).model_copy(update={"crop": crop})


def _filters(session: Session, request: SearchRequest) -> tuple[Filters, ParsedQuery | None]:
    """What the filters and the words of a request ask for together, and what the words were read as."""
    zone = zone_named(request.zone)
    parsed = None
    said = Filters()
    if request.text is not None:
        parsed = parse_query(request.text, camera_names(session), datetime.now(zone))
        said = parsed.filters
    attributes = {name: list(labels) for name, labels in said.attributes.items()}
    for name, labels in request.attributes.items():
        attributes[name] = [*attributes.get(name, []), *labels]
    filters = replace(
        said,
        cameras=tuple(dict.fromkeys([*said.cameras, *request.cameras])),
        after=in_zone(request.after, zone) if request.after else None,
        before=in_zone(request.before, zone) if request.before else None,
        footage=request.footage,
        identities=request.identities,
        min_height=request.min_height,
        newer_than=request.newer_than,
        when=_window(said.when, request),
        only=request.only,
        without=request.without,
        attributes={name: tuple(dict.fromkeys(labels)) for name, labels in attributes.items()},
        min_confidence=request.min_confidence,
    )
    return filters, parsed


def _window(said: TimeWindow | None, request: SearchRequest) -> TimeWindow | None:
    """The days and times of day of the words and of the fields together.

    Raises:
        QueryError: They contradict each other.
    """
    weekdays = tuple(sorted({WEEKDAYS.index(day) for day in request.weekdays})) or None
    asked = TimeWindow(start=request.time_from, end=request.time_to, weekdays=weekdays)
    if asked == TimeWindow():
        return said
    both = join_windows(said, asked)
    if both is None:
        raise QueryError(f"{asked} contradicts {said}", "time", "Say it in words or in filters, not in both.")
    return both


def _understood(
    request: SearchRequest, filters: Filters, parsed: ParsedQuery | None, examples: Examples | None
) -> Understood:
    def phrases(name: str) -> tuple[Phrase, ...]:
        return tuple(Phrase.model_validate(phrase) for phrase in getattr(parsed, name, ()))

    return Understood(
        text=request.text,
        phrases=phrases("phrases"),
        unknown=phrases("unknown"),
        taken_as=dict(parsed.taken_as) if parsed else {},
        cameras=filters.cameras,
        footage=filters.footage,
        identities=filters.identities,
        min_height=filters.min_height,
        newer_than=filters.newer_than,
        after=filters.after,
        before=filters.before,
        when=str(filters.when) if filters.when else None,
        attributes=dict(filters.attributes),
        only=dict(filters.only),
        without=dict(filters.without),
        min_confidence=filters.min_confidence,
        like=examples.like if examples else (),
        unlike=examples.unlike if examples else (),
    )


def counts(session: Session, request: SearchRequest, zone: str, day: date | None) -> Counts:
    """How many people who pass the filters of a request each camera saw in each hour, of one day or of all.

    Raises:
        QueryError: A filter is wrong.
    """
    filters, _ = _filters(session, request)
    counted = count_by_hour(session, filters, zone, day)
    return Counts(zone=zone, counts=tuple(HourCount.model_validate(count) for count in counted))


def days(session: Session, request: SearchRequest, zone: str, limit: int) -> list[date]:
    """The newest days on which somebody was seen who passes the filters of a request.

    Raises:
        QueryError: A filter is wrong.
    """
    filters, _ = _filters(session, request)
    return newest_days(session, filters, zone, limit)
