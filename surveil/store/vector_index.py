"""Finding the embeddings nearest to a query, exactly, among exactly the sightings that pass the filters.

Searches ask a `VectorIndex` and know no storage. The filters come first and the order after, so that a match is never
lost because others outside the filters are nearer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Float, Select, func, select
from sqlalchemy.orm import Session

from surveil.store import vectors
from surveil.store.columns import EMBEDDING_SIZE
from surveil.store.granted import granted
from surveil.store.tables import Embedding

if TYPE_CHECKING:
    from surveil.store.session import Database

Neighbours = list[tuple[int, float]]
"""(sighting id, similarity from -1 to 1), the most similar first, equal ones by id."""
Stamp = tuple[int, int, int]


class VectorIndex(Protocol):
    """The embeddings of one database. They are rounded to float16, and so is every query."""

    def nearest(
        self, query: NDArray[np.float32], candidates: Select[int] | None, model_id: int, limit: int
    ) -> Neighbours:
        """The candidates most similar to a query.

        Args:
            query: (544,) embedding of unit length.
            candidates: Selects the ids of the sightings to choose from, each once; None for all. Those without an
                embedding of the model are left out.
            model_id: The model that made the query.
            limit: How many to return at most.

        Raises:
            ValueError: `query` has another shape, or `limit` is negative.
            StoreError: The database cannot be read.
        """
        ...

    def load(
        self, ids: Sequence[int] | NDArray[np.int64] | None, model_id: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ids (n,) ascending and embeddings (n, 544) of some sightings, or of all; see `surveil.store.vectors.load`."""
        ...

    def stamp(self, model_id: int) -> Stamp:
        """What changes whenever embeddings of a model are added or removed: answers of equal stamps are the same."""
        ...

    def close(self) -> None:
        """Give back connections and memory."""
        ...


def open_index(database: Database) -> VectorIndex:
    """The index of a database: pgvector's own, or one in memory for SQLite."""
    if database.dialect == "postgresql":
        return PostgresIndex(database)
    from surveil.store.memory_index import MemoryIndex

    return MemoryIndex(database)


class StoredVectors:
    """What every index does alike: reading embeddings, and telling whether they have changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(
        self, ids: Sequence[int] | NDArray[np.int64] | None, model_id: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """See `VectorIndex.load`."""
        with self._database.session() as session:
            return vectors.load(session, ids, model_id)

    def stamp(self, model_id: int) -> Stamp:
        """See `VectorIndex.stamp`."""
        with self._database.session() as session:
            return stamp_of(session, model_id)

    def close(self) -> None:
        """See `VectorIndex.close`."""


class PostgresIndex(StoredVectors):
    """Lets pgvector compare; nothing is kept here."""

    def nearest(
        self, query: NDArray[np.float32], candidates: Select[int] | None, model_id: int, limit: int
    ) -> Neighbours:
        """See `VectorIndex.nearest`."""
        rounded, candidates = checked_query(query, limit), granted(candidates)
        # pgvector's <#> is the negative inner product. Materialized, so that the planner cannot take an approximate
        # index first and filter what it happens to return.
        distance = Embedding.vector.op("<#>", return_type=Float)(rounded).label("distance")
        rows = select(Embedding.sighting_id, distance).where(Embedding.model_id == model_id)
        if candidates is not None:
            rows = rows.where(Embedding.sighting_id.in_(candidates))
        measured = rows.cte("measured").prefix_with("MATERIALIZED")
        best = select(measured).order_by(measured.c.distance, measured.c.sighting_id).limit(limit)
        with self._database.session() as session:
            return [(sighting, -distance) for sighting, distance in session.execute(best)]


def checked_query(query: NDArray[np.float32], limit: int) -> NDArray[np.float16]:
    """The query as embeddings are stored.

    Raises:
        ValueError: It has another shape, or the limit is negative.
    """
    if query.shape != (EMBEDDING_SIZE,):
        raise ValueError(f"expected a query of {EMBEDDING_SIZE} values, got shape {query.shape}")
    if limit < 0:
        raise ValueError(f"limit must not be negative, got {limit}")
    return query.astype(np.float16)


def stamp_of(session: Session, model_id: int) -> Stamp:
    """The model, the newest sighting it described and how many: numbers of sightings are never given twice."""
    newest, count = func.max(Embedding.sighting_id), func.count()
    row = session.execute(select(newest, count).where(Embedding.model_id == model_id)).one()
    return model_id, row[0] or 0, row[1]
