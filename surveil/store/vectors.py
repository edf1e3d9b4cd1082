"""Embeddings read in bulk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import LargeBinary, Select, func, select, type_coerce
from sqlalchemy.orm import Session

from surveil.store.columns import EMBEDDING_SIZE
from surveil.store.tables import Embedding

BLOCK = 4096
"""Rows read at a time: 4 MB of vectors."""
IDS_PER_QUERY = 10_000
"""Below the number of parameters that either database allows in one statement."""


def read(
    session: Session, model_id: int, *, ids: NDArray[np.int64] | None = None, after: int = 0
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float16]]]:
    """Embeddings of a model, block by block, so that memory stays bounded.

    Args:
        session: A session.
        model_id: Whose embeddings.
        ids: Sightings to read, ascending; None for all.
        after: Only sightings with a greater id.

    Yields:
        Ids (n,) ascending and embeddings (n, 544); sightings without an embedding are left out.
    """
    rows = select(Embedding.sighting_id, _bytes(session)).where(
        Embedding.model_id == model_id, Embedding.sighting_id > after
    )
    rows = rows.order_by(Embedding.sighting_id)
    if ids is None:
        yield from _blocks(session, rows)
        return
    for start in range(0, len(ids), IDS_PER_QUERY):
        yield from _blocks(session, rows.where(Embedding.sighting_id.in_(ids[start : start + IDS_PER_QUERY].tolist())))


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
    found = [np.zeros(0, np.int64)]
    blocks = [np.zeros((0, EMBEDDING_SIZE), np.float16)]
    wanted = None if ids is None else np.unique(np.asarray(ids, np.int64))
    for block_ids, block in read(session, model_id, ids=wanted):
        found.append(block_ids)
        blocks.append(block)
    return np.concatenate(found), np.concatenate(blocks, dtype=np.float32)


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
