"""Column types: points in time that are always UTC, and embeddings in half precision."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import DateTime, Dialect, LargeBinary, TypeDecorator
from sqlalchemy.types import TypeEngine

EMBEDDING_SIZE = 544


class UTCDateTime(TypeDecorator[datetime]):
    """A point in time. Naive values raise ValueError; values come back with tzinfo UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive time {value.isoformat()}: say which zone it is in")
        value = value.astimezone(UTC)
        # SQLite has no zones: it stores the UTC wall clock.
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class HalfVector(TypeDecorator[NDArray[np.float16]]):
    """An embedding: (544,) float16. Its bytes on SQLite, pgvector's `halfvec(544)` on Postgres.

    Raises:
        ValueError: On its way in, a value has another shape or is not finite.
    """

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name != "postgresql":
            return dialect.type_descriptor(LargeBinary())
        from pgvector.sqlalchemy import HALFVEC  # an optional dependency: only users of Postgres have it

        return dialect.type_descriptor(HALFVEC(EMBEDDING_SIZE))

    def process_bind_param(self, value: NDArray[np.floating[Any]] | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        vector = _checked(value)
        return vector.tolist() if dialect.name == "postgresql" else vector.tobytes()

    def process_result_value(self, value: Any, dialect: Dialect) -> NDArray[np.float16] | None:
        if value is None:
            return None
        return np.asarray(value, np.float16) if dialect.name == "postgresql" else np.frombuffer(value, np.float16)


def sent_vector(value: NDArray[np.floating[Any]]) -> bytes:
    """An embedding as pgvector takes a `halfvec` in binary: its size and an unused number, then the values, big-endian.

    Raises:
        ValueError: It has another shape, or a value is not finite.
    """
    vector = _checked(value)
    return len(vector).to_bytes(2, "big") + bytes(2) + vector.astype(">f2").tobytes()


def _checked(value: NDArray[np.floating[Any]]) -> NDArray[np.float16]:
    vector = np.asarray(value, dtype=np.float16)
    if vector.shape != (EMBEDDING_SIZE,) or not np.isfinite(vector).all():
        raise ValueError(f"expected {EMBEDDING_SIZE} finite values, got shape {vector.shape}")
    return vector
