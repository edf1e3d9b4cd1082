"""Embeddings: exact search among the sightings that pass the filters, and loading them in bulk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Float, LargeBinary, Select, func, select, type_coerce
from sqlalchemy.orm import Session

from surveil.store.columns import EMBEDDING_SIZE
from surveil.store.tables import Embedding

BLOCK = 4096
"""Rows read at a time: 4 MB of vectors."""
IDS_PER_QUERY = 10_000
"""Below the number of parameters that either database allows in one statement."""


def nearest(
    session: Session, query: NDArray[np.float32], candidates: Select[int], model_id: int, limit: int
) -> list[tuple[int, float]]:
    """The candidates most similar to a query: exact, among exactly the candidates, on both databases alike.

    The filters come first and the order after, so that a match is never lost because others outside the filters are
    nearer. The query is rounded to float16, as the stored embeddings are.

    Args:
        session: A session.
        query: (544,) embedding of unit length.
        candidates: Selects the ids of the sightings to choose from; those without an embedding are left out.
        model_id: The model that made the query.
        limit: How many to return at most.

    Returns:
        (sighting id, similarity from -1 to 1), the most similar first, equal ones by id.

    Raises:
        ValueError: `query` has another shape, or `limit` is negative.
    """
    if query.shape != (EMBEDDING_SIZE,):
        raise ValueError(f"expected a query of {EMBEDDING_SIZE} values, got shape {query.shape}")
    if limit < 0:
        raise ValueError(f"limit must not be negative, got {limit}")
    rounded = query.astype(np.float16)
    search = _nearest_postgres if session.get_bind().dialect.name == "postgresql" else _nearest_sqlite
    return search(session, rounded, candidates, model_id, limit)


def load(
    session: Session, ids: Sequence[int] | NDArray[np.int64] | None, model_id: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Embeddings in bulk.

    Args:
        session: A session.
        ids: Sightings, in any order; None for all.
        model_id: Whose embeddings.

    Returns:
        Ids (n,) ascending and their embeddings (n, 544); sightings without an embedding are left out.
    """
    rows = select(Embedding.sighting_id, _bytes(session)).where(Embedding.model_id == model_id)
    rows = rows.order_by(Embedding.sighting_id)
    if ids is None:
        queries = [rows]
    else:
        wanted = np.unique(np.asarray(ids, np.int64)).tolist()
        parts = [wanted[start : start + IDS_PER_QUERY] for start in range(0, len(wanted), IDS_PER_QUERY)]
        queries = [rows.where(Embedding.sighting_id.in_(part)) for part in parts]
    found = [np.zeros(0, np.int64)]
    vectors: list[NDArray[np.float16]] = []
    for query in queries:
        for block_ids, block in _blocks(session, query):
            found.append(block_ids)
            vectors.append(block)
    matrix = np.zeros((0, EMBEDDING_SIZE), np.float32)
    return np.concatenate(found), np.concatenate(vectors, dtype=np.float32) if vectors else matrix


def _nearest_sqlite(
    session: Session, query: NDArray[np.float16], candidates: Select[int], model_id: int, limit: int
) -> list[tuple[int, float]]:
    rows = select(Embedding.sighting_id, _bytes(session)).where(
        Embedding.model_id == model_id, Embedding.sighting_id.in_(candidates)
    )
    wide = query.astype(np.float32)
    ids, similarities = np.zeros(0, np.int64), np.zeros(0, np.float32)
    for block_ids, vectors in _blocks(session, rows):
        ids = np.concatenate([ids, block_ids])
        similarities = np.concatenate([similarities, vectors.astype(np.float32) @ wide])
        best = np.lexsort((ids, -similarities))[:limit]
        ids, similarities = ids[best], similarities[best]
    return list(zip(ids.tolist(), similarities.tolist(), strict=True))


def _nearest_postgres(
    session: Session, query: NDArray[np.float16], candidates: Select[int], model_id: int, limit: int
) -> list[tuple[int, float]]:
    # pgvector's <#> is the negative inner product. Materialized, so that the planner cannot take an approximate
    # index first and filter what it happens to return.
    distance = Embedding.vector.op("<#>", return_type=Float)(query).label("distance")
    measured = (
        select(Embedding.sighting_id, distance)
        .where(Embedding.model_id == model_id, Embedding.sighting_id.in_(candidates))
        .cte("measured")
        .prefix_with("MATERIALIZED")
    )
    best = select(measured).order_by(measured.c.distance, measured.c.sighting_id).limit(limit)
    return [(sighting, -distance) for sighting, distance in session.execute(best)]


def _bytes(session: Session) -> Any:
    """The vector column as bytes, which arrive many times faster than as text or as one array per row."""
    if session.get_bind().dialect.name == "postgresql":
        return func.halfvec_send(Embedding.vector, type_=LargeBinary)
    return type_coerce(Embedding.vector, LargeBinary)


def _blocks(session: Session, rows: Select[Any]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float16]]]:
    """Ids (n,) and vectors (n, 544) of a query, streamed block by block so that memory stays bounded."""
    # halfvec_send: the size and an unused number, two bytes each, then the values, all big-endian.
    postgres = session.get_bind().dialect.name == "postgresql"
    stored, header = (np.dtype(">f2"), 2) if postgres else (np.dtype(np.float16), 0)
    part: Sequence[Any]
    for part in session.execute(rows.execution_options(yield_per=BLOCK)).partitions():
        values = np.frombuffer(b"".join(vector for _, vector in part), stored).reshape(len(part), -1)
        ids = np.fromiter((sighting for sighting, _ in part), np.int64, len(part))
        yield ids, values[:, header:].astype(np.float16, copy=False)
