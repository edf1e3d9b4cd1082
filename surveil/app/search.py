"""Answering a search: what its words, filters and pictures come to together, who is found, and why nobody is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from surveil.app.models import LoadedModels
from surveil.app.requests import SearchRequest
from surveil.app.results import AttributeValue, ExamplePicture, Match, Phrase, SearchResult, Understood
from surveil.errors import QueryError
from surveil.search.filters import Filters, count_passing
from surveil.search.rank import Example, Query, RankedSighting, check_model, search
from surveil.search.text import ParsedQuery, parse_query
from surveil.store.cameras import list_cameras
from surveil.store.media import MediaFolder
from surveil.store.session import Database
from surveil.timezones import in_zone, zone_named

if TYPE_CHECKING:
    from surveil.search.example import Person


@dataclass(frozen=True, slots=True)
class _Pictures:
    """The people taken from the pictures of a request, and the example that they come to."""

    like: Sequence[Person]
    unlike: Sequence[Person]
    example: Example


def answer(database: Database, media: MediaFolder, models: LoadedModels, request: SearchRequest) -> SearchResult:
    """Search, and tell what was understood.

    Raises:
        QueryError: The request asks for something that cannot be answered.
        StoreError: The database cannot be read, or is empty.
        CheckpointError: A network cannot be loaded.
    """
    with database.session() as session:
        filters, parsed = _filters(session, request)
        pictures = _pictures(session, models, request) if request.like or request.unlike else None
    found = search(database, Query(filters, pictures.example if pictures else None, request.limit))
    passing = None
    if not found:
        with database.session() as session:
            passing = count_passing(session, filters)
    return SearchResult(
        understood=_understood(request, filters, parsed, pictures),
        matches=tuple(as_match(sighting, media) for sighting in found),
        passing=passing,
    )


def as_match(sighting: RankedSighting, media: MediaFolder) -> Match:
    """A sighting as it is shown to whoever asked."""
    return Match(
        sighting=sighting.sighting,
        footage=sighting.footage,
        camera=sighting.camera,
        zone=sighting.zone,
        first_seen=sighting.first_seen,
        last_seen=sighting.last_seen,
        box=sighting.box,
        similarity=sighting.similarity,
        probability=sighting.probability,
        attributes={
            name: AttributeValue(value=value.label, probability=value.probability)
            for name, value in sighting.attributes.items()
        },
        identity=sighting.identity,
        name=sighting.name,
        crop=str(media.path(sighting.crop)) if sighting.crop else None,
    )


def _filters(session: Session, request: SearchRequest) -> tuple[Filters, ParsedQuery | None]:
    """What the filters and the words of a request ask for together, and what the words were read as."""
    zone = zone_named(request.zone)
    parsed = None
    said = Filters()
    if request.text is not None:
        names = [camera.name for camera, _, _ in list_cameras(session)]
        parsed = parse_query(request.text, names, datetime.now(zone))
        said = parsed.filters
    attributes = {name: list(labels) for name, labels in said.attributes.items()}
    for name, labels in request.attributes.items():
        attributes[name] = [*attributes.get(name, []), *labels]
    filters = replace(
        said,
        cameras=tuple(dict.fromkeys([*said.cameras, *request.cameras])),
        after=in_zone(request.after, zone) if request.after else None,
        before=in_zone(request.before, zone) if request.before else None,
        attributes={name: tuple(dict.fromkeys(labels)) for name, labels in attributes.items()},
        min_confidence=request.min_confidence,
    )
    return filters, parsed


def _pictures(session: Session, models: LoadedModels, request: SearchRequest) -> _Pictures:
    from surveil.search.example import describe_example, take_person

    if not request.like:
        raise QueryError("pictures of who is not meant need one of who is", "unlike", "Add a picture to like.")
    check_model(session, models.card.sha256)

    def take(path: str, number: int | None = None) -> Person:
        return take_person(Path(path), lambda image: models.detector.detect([image])[0], number)

    like = [take(path, request.person) for path in request.like]
    unlike = [take(path) for path in request.unlike]
    example = describe_example(
        models.appearance, [person.image for person in like], [person.image for person in unlike]
    )
    return _Pictures(like, unlike, example)


def _understood(
    request: SearchRequest, filters: Filters, parsed: ParsedQuery | None, pictures: _Pictures | None
) -> Understood:
    def phrases(name: str) -> tuple[Phrase, ...]:
        return tuple(Phrase.model_validate(phrase) for phrase in getattr(parsed, name, ()))

    def examples(people: Sequence[Person]) -> tuple[ExamplePicture, ...]:
        return tuple(ExamplePicture(picture=str(p.path), taken=p.note, box=p.box) for p in people)

    return Understood(
        text=request.text,
        phrases=phrases("phrases"),
        unknown=phrases("unknown"),
        cameras=filters.cameras,
        after=filters.after,
        before=filters.before,
        when=str(filters.when) if filters.when else None,
        attributes=dict(filters.attributes),
        min_confidence=filters.min_confidence,
        like=examples(pictures.like if pictures else ()),
        unlike=examples(pictures.unlike if pictures else ()),
    )
