"""Who is looked for by example: pictures, sightings and identities, and what they come to together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import select

from surveil.app.handed_in import HandedIn
from surveil.app.models import LoadedModels
from surveil.app.requests import KEPT, STORED, SearchRequest
from surveil.app.results import ExamplePicture
from surveil.errors import QueryError
from surveil.search.example import combine, read_query_picture, take_person
from surveil.search.rank import Example, check_model
from surveil.store.media import MediaFolder
from surveil.store.models import model_in_use
from surveil.store.session import Database
from surveil.store.tables import CropRow, SightingRow
from surveil.types import Floats

BEST_CROP = select(CropRow.media_key).where(CropRow.rank == 0).order_by(CropRow.quality.desc(), CropRow.id)


@dataclass(frozen=True, slots=True)
class Examples:
    """What the examples of a request come to.

    Attributes:
        like: How each of `like` was taken.
        unlike: How each of `unlike` was taken.
        example: What is searched for.
    """

    like: tuple[ExamplePicture, ...]
    unlike: tuple[ExamplePicture, ...]
    example: Example


def take_examples(database: Database, media: MediaFolder, models: LoadedModels, request: SearchRequest) -> Examples:
    """The examples of a request that has some.

    Raises:
        QueryError: A picture shows nobody, a number does not exist, or the database is of another model.
        CheckpointError: A network cannot be loaded.
    """
    if not request.like:
        raise QueryError("who is not meant needs one who is", "unlike", "Add an example to like.")
    taker = _Taker(database, media, models)
    like = [taker.take(given, request.person) for given in request.like]
    unlike = [taker.take(given) for given in request.unlike]
    none = np.zeros((0, like[0][1].shape[1]), np.float32)
    embedding = combine(
        np.concatenate([vectors for _, vectors in like]),
        np.concatenate([none, *(vectors for _, vectors in unlike)]),
    )
    example = Example(embedding, taker.model, is_person=not unlike)
    return Examples(tuple(taken for taken, _ in like), tuple(taken for taken, _ in unlike), example)


class _Taker:
    """Takes one example after the other; the networks are loaded for the first picture only."""

    def __init__(self, database: Database, media: MediaFolder, models: LoadedModels) -> None:
        self._database, self._media, self._models = database, media, models
        with database.session() as session:
            card = model_in_use(session)
        self.model, self._model_id = card.sha256, card.id

    def take(self, given: str, number: int | None = None) -> tuple[ExamplePicture, Floats]:
        """How an example was taken, and its embeddings (n, 544)."""
        if stored := STORED.fullmatch(given):
            return self._stored(given, stored[1], int(stored[2]))
        with self._database.session() as session:
            check_model(session, self._models.card.sha256)
        if kept := KEPT.fullmatch(given):
            return self._handed_in(given, kept[1], HandedIn(self._media).path(kept[2]), number)
        return self._picture(given, Path(given), number)

    def _handed_in(self, given: str, kind: str, path: Path, number: int | None) -> tuple[ExamplePicture, Floats]:
        if kind == "picture":
            return self._picture(given, path, number)
        [appearance] = self._models.appearance.describe([read_query_picture(path, self._models.max_pixels)])
        return ExamplePicture(picture=given, taken="cut out by hand", crop=str(path)), appearance.embedding[None]

    def _picture(self, given: str, path: Path, number: int | None) -> tuple[ExamplePicture, Floats]:
        person = take_person(
            path,
            lambda image: self._models.detector.detect([image])[0],
            number,
            max_pixels=self._models.max_pixels,
        )
        [appearance] = self._models.appearance.describe([person.image])
        return ExamplePicture(picture=given, taken=person.note, box=person.box), appearance.embedding[None]

    def _stored(self, given: str, kind: str, key: int) -> tuple[ExamplePicture, Floats]:
        rows = select(SightingRow.id).where((SightingRow.id if kind == "sighting" else SightingRow.identity_id) == key)
        with self._database.session() as session:
            sightings: Sequence[int] = session.scalars(rows).all()
        found, vectors = self._database.vectors.load(sightings, self._model_id) if sightings else ((), None)
        if vectors is None or not len(found):
            raise QueryError(f"no {kind} with an embedding has the number {key}", given, "See `surveil search`.")
        with self._database.session() as session:
            best = session.scalars(BEST_CROP.where(CropRow.sighting_id.in_(sightings))).first()
        crop = None if best is None else str(self._media.path(best))
        taken = "of the archive" if kind == "sighting" else f"the mean of {len(found)} sightings"
        return ExamplePicture(picture=given, taken=taken, crop=crop), vectors.mean(axis=0, keepdims=True)
