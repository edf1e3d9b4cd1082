"""The search itself: filter first, then rank everything that passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from surveil.attributes import OUTPUT_NAMES, Value, decode
from surveil.errors import QueryError
from surveil.search.filters import Filters, candidates, described, joint_probability
from surveil.search.probable import most_probable
from surveil.store import vectors
from surveil.store.description_columns import DescriptionColumns
from surveil.store.models import StoredCard, model_in_use, to_use_it
from surveil.store.session import Database
from surveil.store.tables import Camera, CropRow, Description, Footage, Identity, SightingRow
from surveil.types import Floats

Sort = Literal["newest", "oldest", "largest"]


@dataclass(frozen=True, slots=True)
class Example:
    """What example pictures come to.

    Attributes:
        embedding: (544,) unit length; the most similar sightings are looked for.
        model: SHA-256 of the weights of the model that made it.
        is_person: Whether it describes one person, so that the model's calibration holds for its similarities; with
            people subtracted from it, it does not.
    """

    embedding: Floats
    model: str
    is_person: bool = True


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched: among the sightings that pass the filters, those most like the example.

    Without an example, those which most probably have the attributes asked for; without these, the latest.

    Attributes:
        filters: Who may be found.
        example: Whom they should be like.
        limit: How many at most.
        offset: How many of the best to pass over.
        sort: "newest" or "oldest" first, or the "largest" crop; None: the best match. With an example it counts for
            nothing: its best matches are found first, and then sorted with `sort_by`.
    """

    filters: Filters = field(default_factory=Filters)
    example: Example | None = None
    limit: int = 20
    offset: int = 0
    sort: Sort | None = None


@dataclass(frozen=True, slots=True)
class RankedSighting:
    """A sighting that was found.

    Attributes:
        sighting: Its id.
        footage: Path of the footage.
        camera: Name of the camera.
        zone: The camera's time zone.
        first_seen: UTC.
        last_seen: UTC.
        box: x1, y1, x2, y2 of the best crop in pixels of its frame; None when there is no crop.
        similarity: Dot product with the example (-1 to 1); None without one.
        probability: With an example, that it is the same person (None when the model was not calibrated); without,
            that the person has all attributes asked for (None when there are none).
        attributes: The likeliest value of each; a filter may have found her for a rare one that is less likely.
        identity: Id of its identity; None before the first clustering.
        name: What the operator calls the identity.
        crop: Key of the best crop in the media folder.
    """

    sighting: int
    footage: str
    camera: str
    zone: str
    first_seen: datetime
    last_seen: datetime
    box: tuple[float, float, float, float] | None
    similarity: float | None
    probability: float | None
    attributes: dict[str, Value]
    identity: int | None
    name: str | None
    crop: str | None


@dataclass(frozen=True, slots=True)
class Score:
    """How well a sighting matches; see `RankedSighting`."""

    similarity: float | None = None
    probability: float | None = None


def search(database: Database, query: Query) -> list[RankedSighting]:
    """The best matches among all sightings that pass the filters, best first.

    Equally good ones come in a fixed order: by id with an example, else by time and id.

    Raises:
        QueryError: A filter is wrong, the limit is not positive, or the example was made by another model.
        StoreError: The database cannot be read, or is empty.
    """
    if query.offset < 0:
        raise QueryError(f"{query.offset} matches cannot be passed over", "offset", "Give 0 or more.")
    if query.limit < 1:
        raise QueryError(f"a search for {query.limit} matches finds none", "limit", "Give 1 or more.")
    scores = _by_example(database, query, query.example) if query.example else None
    with database.session() as session:
        if scores is None:
            scores = _by_attributes(session, query, database.descriptions)
        return load_sightings(session, scores)


def check_model(session: Session, sha256: str) -> StoredCard:
    """The model in use, if its weights are those.

    Raises:
        QueryError: They are not: similarities between two models mean nothing.
        StoreError: Nothing was ingested yet.
    """
    model = model_in_use(session)
    if model.sha256 != sha256:
        raise QueryError(
            f"the database holds embeddings of {model.name} ({model.sha256[:12]}), "
            f"not of the model that would describe the picture ({sha256[:12]})",
            "model",
            f"{to_use_it(model)} Words and filters need no model.",
        )
    return model


def load_sightings(session: Session, scores: Mapping[int, Score]) -> list[RankedSighting]:
    """Everything there is to show of some sightings, given by id with their scores, in their order."""
    rows = described(
        select(
            SightingRow.id,
            Footage.path,
            Camera.name.label("camera"),
            Camera.zone,
            SightingRow.first_seen,
            SightingRow.last_seen,
            CropRow.box,
            CropRow.media_key,
            SightingRow.identity_id,
            Identity.name.label("called"),
            *(getattr(Description, name) for name in OUTPUT_NAMES),
        )
        .join(Footage, SightingRow.footage_id == Footage.id)
        .join(Camera, SightingRow.camera_id == Camera.id)
        .outerjoin(Identity, SightingRow.identity_id == Identity.id)
        .outerjoin(CropRow, (CropRow.sighting_id == SightingRow.id) & (CropRow.rank == 0))
    )
    ids = list(scores)
    found: dict[int, RankedSighting] = {}
    for start in range(0, len(ids), vectors.IDS_PER_QUERY):
        part = rows.where(SightingRow.id.in_(ids[start : start + vectors.IDS_PER_QUERY]))
        found |= {row.id: _ranked(row, scores[row.id]) for row in session.execute(part)}
    return [found[sighting] for sighting in ids if sighting in found]  # one may have been deleted meanwhile


def _by_example(database: Database, query: Query, example: Example) -> dict[int, Score]:
    with database.session() as session:
        model = check_model(session, example.model)
        passing = candidates(session, query.filters) if query.filters else None
    best = database.vectors.nearest(example.embedding, passing, model.id, query.offset + query.limit)
    found = best[query.offset :]
    similarities = [similarity for _, similarity in found]
    probabilities = model.calibration.same_person(similarities) if example.is_person else None
    return {
        sighting: Score(similarity, None if probabilities is None else float(probabilities[i]))
        for i, (sighting, similarity) in enumerate(found)
    }


def _by_attributes(session: Session, query: Query, columns: DescriptionColumns) -> dict[int, Score]:
    asked = query.filters.attributes
    if asked and query.sort is None:
        best = most_probable(session, query.filters, query.offset + query.limit, columns)[query.offset :]
        return {sighting: Score(None, probability) for sighting, probability in best}
    chance = joint_probability(asked).label("chance")
    ordered = (
        candidates(session, query.filters)
        .add_columns(chance)
        .order_by(*_order(query.sort or "newest"))
        .offset(query.offset)
        .limit(query.limit)
    )
    return {sighting: Score(None, probability if asked else None) for sighting, probability in session.execute(ordered)}


def _order(sort: Sort) -> Sequence[Any]:
    if sort == "newest":
        return SightingRow.first_seen.desc(), SightingRow.id.desc()
    if sort == "largest":
        height = select(CropRow.box[3].as_float() - CropRow.box[1].as_float()).where(
            CropRow.sighting_id == SightingRow.id
        )
        return height.where(CropRow.rank == 0).scalar_subquery().desc().nulls_last(), SightingRow.id
    return SightingRow.first_seen, SightingRow.id


def sort_by(found: list[RankedSighting], sort: Sort | None) -> list[RankedSighting]:
    """Sightings that were found in another order; None leaves them as they are."""
    if sort in ("newest", "oldest"):
        return sorted(found, key=lambda sighting: sighting.first_seen, reverse=sort == "newest")
    if sort == "largest":
        return sorted(found, key=lambda sighting: sighting.box[1] - sighting.box[3] if sighting.box else 0.0)
    return found


def _ranked(row: Any, score: Score) -> RankedSighting:
    outputs = np.array([getattr(row, name) for name in OUTPUT_NAMES], np.float32)
    return RankedSighting(
        sighting=row.id,
        footage=row.path,
        camera=row.camera,
        zone=row.zone,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        box=None if row.box is None else tuple(row.box),
        similarity=score.similarity,
        probability=score.probability,
        attributes=decode(outputs),
        identity=row.identity_id,
        name=row.called,
        crop=row.media_key,
    )
