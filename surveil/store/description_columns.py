"""What a model says of all sightings of an SQLite database, in memory, column by column; follows the database.

What is in memory is a copy in single precision: good for finding who comes first, which the database then confirms.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveil.store.changes import ChangeWatch
from surveil.store.tables import Description, SightingRow
from surveil.types import Floats

if TYPE_CHECKING:
    from surveil.store.session import Database

MIN_ROWS = 50_000
"""Fewer the database looks through in milliseconds."""
State = tuple[int, int]
"""The newest sighting, and how many descriptions there are, of all models: no number of a sighting is given twice."""


class DescriptionColumns:
    """Columns of descriptions; the first search for a column is left to the database, from the second on it is here."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._watch = ChangeWatch(database)
        self._wanted: set[str] = set()
        self._forget(-1)

    def columns(
        self, names: Sequence[str], model_id: int, *, at_once: bool = False
    ) -> tuple[NDArray[np.int64], list[Floats]] | None:
        """Columns of what a model says of everybody.

        Args:
            names: Columns of `Description`.
            model_id: Whose descriptions.
            at_once: Whether they are read when they are asked for the first time, because the database would take as
                long.

        Returns:
            Sightings (n,) ascending, and (n,) values of each column; None where a copy is not kept: on Postgres, of
            few descriptions, and, but for `at_once`, when a column is asked for the first time.

        Raises:
            StoreError: The database cannot be read.
        """
        if self._database.dialect != "sqlite":
            return None
        with self._lock, self._database.session() as session:
            if not self._are_worth_it(session, names, at_once):
                return None
            if self._model_id != model_id:
                self._forget(model_id)
            self._follow(session)
            while missing := [name for name in names if name not in self._columns]:
                self._read(session, missing)
            return self._ids, [self._columns[name] for name in names]

    def close(self) -> None:
        """Give back the connection and the memory."""
        self._watch.close()
        self._forget(-1)

    def _are_worth_it(self, session: Session, names: Sequence[str], at_once: bool) -> bool:
        again = at_once or set(names) <= self._wanted
        self._wanted |= set(names)
        if not again:
            return False
        return (session.scalar(select(func.max(SightingRow.__table__.c.id))) or 0) >= MIN_ROWS

    def _forget(self, model_id: int) -> None:
        self._model_id = model_id
        self._ids: NDArray[np.int64] = np.zeros(0, np.int64)
        self._columns: dict[str, Floats] = {}
        self._version: int | None = None
        self._state: State | None = None

    def _follow(self, session: Session) -> None:
        """Take in what was added since; where anything else happened, forget everything."""
        version = self._watch.version()
        if version == self._version:
            return
        # Of the table, not the class: who may see only some cameras shares this copy.
        newest = select(func.max(SightingRow.__table__.c.id)).scalar_subquery()
        found = session.execute(select(newest, func.count()).select_from(Description)).one()
        state = (found[0] or 0, found[1])
        if self._columns and self._state is not None and state != self._state:
            added = state[1] - self._state[1]
            if self._take_in(session) != added:
                self._forget(self._model_id)
        self._version, self._state = version, state

    def _take_in(self, session: Session) -> int:
        """Append the descriptions of newer sightings; gives how many."""
        names, after = list(self._columns), int(self._ids[-1]) if len(self._ids) else 0
        new = (
            select(Description.sighting_id, *(getattr(Description, name) for name in names))
            .where(Description.model_id == self._model_id, Description.sighting_id > after)
            .order_by(Description.sighting_id)
        )
        rows = session.execute(new).all()
        self._ids = np.concatenate([self._ids, np.array([row[0] for row in rows], np.int64)])
        for place, name in enumerate(names, 1):
            added = np.array([row[place] for row in rows], np.float32)
            self._columns[name] = np.concatenate([self._columns[name], added])
        return len(rows)

    def _read(self, session: Session, names: Sequence[str]) -> None:
        columns = [getattr(Description, name) for name in names]
        asked = select(Description.sighting_id, *columns).where(Description.model_id == self._model_id)
        # The driver's own rows, without an object for each; floats need no conversion.
        rows = cast("Iterable[tuple[int, ...]]", session.connection().execute(asked).cursor)
        read = np.fromiter(rows, np.dtype([("sighting", np.int64), *((name, np.float32) for name in names)]))
        order = np.argsort(read["sighting"], kind="stable")
        if self._columns and not np.array_equal(self._ids, read["sighting"][order]):
            self._columns = {}  # somebody wrote just now: the others are read again when they are wanted
        self._ids = read["sighting"][order]
        for name in names:
            self._columns[name] = read[name][order]
