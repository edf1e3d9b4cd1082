"""The embeddings of an SQLite database in memory, as float16, searched by faiss: exact, following the database.

What is in memory is a copy: the database is asked before each answer whether it has changed.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from surveil.store import vectors
from surveil.store.changes import ChangeWatch
from surveil.store.columns import EMBEDDING_SIZE
from surveil.store.granted import granted
from surveil.store.tables import Embedding, SightingRow
from surveil.store.vector_index import Neighbours, StoredVectors, checked_query, stamp_of

if TYPE_CHECKING:
    from surveil.store.session import Database

SEGMENT_SIZE = 1 << 16
"""Vectors searched by one thread at a time (71 MB), and the most by which memory grows at once."""
MIN_VECTORS = 4096
"""Of fewer embeddings a copy is not worth its while: reading them takes milliseconds."""


class MemoryIndex(StoredVectors):
    """Reads only the candidates at first; once it has read as many as there are, it keeps a copy of all in memory."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._lock = threading.RLock()
        self._copy: _Copy | None = None
        self._read = 0
        self._watch = ChangeWatch(database)
        self._version: int | None = None

    def nearest(
        self, query: NDArray[np.float32], candidates: Select[int] | None, model_id: int, limit: int
    ) -> Neighbours:
        """See `VectorIndex.nearest`."""
        wide, candidates = checked_query(query, limit).astype(np.float32), granted(candidates)
        with self._lock, self._database.session() as session:
            ids = None if candidates is None else ids_of(session, candidates)
            if limit == 0 or (ids is not None and not len(ids)):
                return []
            if self._is_worth_a_copy(session, ids, model_id):
                return self._fresh_copy(session, model_id).nearest(wide, ids, limit)
            return _nearest_read(session, wide, ids, model_id, limit)

    def close(self) -> None:
        """See `VectorIndex.close`."""
        with self._lock:
            self._copy, self._version = None, None
            self._watch.close()

    def _is_worth_a_copy(self, session: Session, ids: NDArray[np.int64] | None, model_id: int) -> bool:
        """Whether a copy is there, or reading the candidates from the database cost as much as making one by now."""
        if self._copy is not None and self._copy.model_id == model_id:
            return True
        count = stamp_of(session, model_id)[2]
        self._read += count if ids is None else len(ids)
        return count >= MIN_VECTORS and self._read >= count

    def _fresh_copy(self, session: Session, model_id: int) -> _Copy:
        """The copy, brought to what the database holds now."""
        version = self._watch.version()
        if self._copy is None or self._copy.model_id != model_id:
            self._copy = None  # two would not fit
            self._copy = _Copy(model_id)
        elif version == self._version:
            return self._copy
        self._copy.follow(session)
        self._version = version
        return self._copy


class _Copy:
    """All embeddings of a model in segments."""

    def __init__(self, model_id: int) -> None:
        self.model_id = model_id
        self._segments: list[_Segment] = []
        self._last = 0
        self._state: tuple[Any, ...] | None = None
        """The newest sighting and how many embeddings there were, of all models, when the copy followed last."""
        self._threads = ThreadPoolExecutor(os.cpu_count())

    def follow(self, session: Session) -> None:
        """Take in what was added and let go of what was removed; in doubt, read everything again."""
        # Counting those of one model reads an index of all, which takes ten times as long.
        newest = select(func.max(SightingRow.__table__.c.id)).scalar_subquery()
        state = tuple(session.execute(select(newest, func.count()).select_from(Embedding)).one())
        if state == self._state:
            return
        stored = stamp_of(session, self.model_id)[2]
        self._take_in(session)
        if self._count() != stored:
            present = ids_of(session, select(Embedding.sighting_id).where(Embedding.model_id == self.model_id))
            for segment in self._segments:
                segment.keep(present)
            if self._count() != len(present):
                self._segments, self._last = [], 0
                self._take_in(session)
        self._state = state

    def _take_in(self, session: Session) -> None:
        """Numbers of sightings only ever grow, so what is new has greater ones."""
        for ids, block in vectors.read(session, self.model_id, after=self._last):
            self._append(ids, block)
            self._last = int(ids[-1])

    def _count(self) -> int:
        return sum(len(segment.ids) for segment in self._segments)

    def nearest(self, query: NDArray[np.float32], ids: NDArray[np.int64] | None, limit: int) -> Neighbours:
        found = list(self._threads.map(lambda segment: segment.nearest(query, ids, limit), self._segments))
        numbers = np.concatenate([part[0] for part in found] or [np.zeros(0, np.int64)])
        similarities = np.concatenate([part[1] for part in found] or [np.zeros(0, np.float32)])
        best = np.lexsort((numbers, -similarities))[:limit]
        return list(zip(numbers[best].tolist(), similarities[best].tolist(), strict=True))

    def _append(self, ids: NDArray[np.int64], block: NDArray[np.float16]) -> None:
        while len(ids):
            if not self._segments or self._segments[-1].room == 0:
                self._segments.append(_Segment())
            room = self._segments[-1].room
            self._segments[-1].append(ids[:room], block[:room])
            ids, block = ids[room:], block[room:]


class _Segment:
    """At most `SEGMENT_SIZE` embeddings as faiss keeps them, with the ids (n,), ascending, of their sightings."""

    def __init__(self) -> None:
        import faiss  # a quarter of a second that only searches by example need

        faiss.omp_set_num_threads(1)  # the segments are searched side by side instead
        self.ids = np.zeros(0, np.int64)
        self._faiss: Any = faiss
        self._index: Any = faiss.IndexScalarQuantizer(
            EMBEDDING_SIZE, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )

    @property
    def room(self) -> int:
        return SEGMENT_SIZE - len(self.ids)

    def append(self, ids: NDArray[np.int64], block: NDArray[np.float16]) -> None:
        self._index.add_sa_codes(np.ascontiguousarray(block).view(np.uint8))
        self.ids = np.concatenate([self.ids, ids])

    def keep(self, present: NDArray[np.int64]) -> None:
        """Let go of all sightings but these (ids, ascending)."""
        gone = ~np.isin(self.ids, present, assume_unique=True)
        if gone.any():
            self._index.remove_ids(np.flatnonzero(gone))
            self.ids = self.ids[~gone]

    def nearest(
        self, query: NDArray[np.float32], ids: NDArray[np.int64] | None, limit: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ids and similarities of the best, among the given ids, ascending."""
        allowed = None
        if ids is not None and len(self.ids):
            chosen = np.zeros(len(self.ids), np.bool_)
            low, high = np.searchsorted(ids, self.ids[[0, -1]] + [0, 1])
            places = np.searchsorted(self.ids, ids[low:high])
            chosen[places[self.ids[places] == ids[low:high]]] = True
            allowed = chosen
        parameters = None
        if allowed is not None:
            limit = min(limit, int(allowed.sum()))
            bits = np.packbits(allowed, bitorder="little")
            parameters = self._faiss.SearchParameters(sel=self._faiss.IDSelectorBitmap(bits))
        limit = min(limit, len(self.ids))
        if limit == 0:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        similarities, places = self._index.search(query[None], limit, params=parameters)
        return self.ids[places[0]], similarities[0]


def _nearest_read(
    session: Session, query: NDArray[np.float32], among: NDArray[np.int64] | None, model_id: int, limit: int
) -> Neighbours:
    """Compare while reading, block by block."""
    ids, similarities = np.zeros(0, np.int64), np.zeros(0, np.float32)
    for block_ids, block in vectors.read(session, model_id, ids=among):
        ids = np.concatenate([ids, block_ids])
        similarities = np.concatenate([similarities, block.astype(np.float32) @ query])
        best = np.lexsort((ids, -similarities))[:limit]
        ids, similarities = ids[best], similarities[best]
    return list(zip(ids.tolist(), similarities.tolist(), strict=True))


def ids_of(session: Session, rows: Select[int]) -> NDArray[np.int64]:
    """The ids that a query selects, ascending; as one text they arrive six times faster than row by row."""
    [column] = rows.subquery().c
    text = session.scalar(select(func.group_concat(column)))
    return np.sort(np.fromstring(text, np.int64, sep=",")) if text else np.zeros(0, np.int64)
