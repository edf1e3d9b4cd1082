"""Which camera saw each sighting of an SQLite database, and in which hour, in memory; follows the database."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import String, func, select, type_coerce
from sqlalchemy.orm import Session

from surveil.store.tables import Camera, Footage, SightingRow

if TYPE_CHECKING:
    from surveil.store.session import Database

_ROW = np.dtype([("id", np.int64), ("camera", np.int64), ("hour", "U13")])


@dataclass(frozen=True, slots=True)
class Places:
    """All sightings.

    Attributes:
        ids: (n,) their numbers, ascending.
        cameras: (n,) the numbers of their cameras.
        hours: (n,) in which hour of UTC each begins, in hours since 1970.
    """

    ids: NDArray[np.int64]
    cameras: NDArray[np.int64]
    hours: NDArray[np.int64]


class SightingPlaces:
    """Reads all once, and again when sightings come or go, or an operator corrects what places them."""

    def __init__(self, database: Database) -> None:
        self._dialect = database.dialect
        self._lock = threading.Lock()
        self._stamp: Any = None
        self._places: Places | None = None

    def all(self, session: Session) -> Places | None:
        """Where and when everybody was seen, whoever asks; None on Postgres, where no copy is kept."""
        if self._dialect != "sqlite":
            return None
        with self._lock:
            stamp = _stamp(session)
            if self._places is None or stamp != self._stamp:
                self._places, self._stamp = _read(session), stamp
            return self._places

    def forget(self) -> None:
        """Give back the memory."""
        self._places = self._stamp = None


def _stamp(session: Session) -> Any:
    """What changes whenever a sighting comes, goes or moves: they move with their camera's clock and their footage."""
    # Of tables, not classes: who may see only some cameras shares this copy.
    camera, piece, sighting = Camera.__table__.c, Footage.__table__.c, SightingRow.__table__.c
    counted = session.execute(select(func.max(sighting.id), func.count(sighting.id))).one()
    clocks = session.execute(select(camera.id, camera.clock_offset).order_by(camera.id)).all()
    pieces = session.execute(select(piece.id, piece.camera_id, piece.started_at).order_by(piece.id)).all()
    return tuple(counted), [tuple(row) for row in clocks], [tuple(row) for row in pieces]


def _read(session: Session) -> Places:
    sighting = SightingRow.__table__.c
    hour = func.substr(type_coerce(sighting.first_seen, String), 1, 13)  # "2026-09-14 08"; an index holds all of it
    rows: Any = session.connection().execute(select(sighting.id, sighting.camera_id, hour)).cursor
    found = np.fromiter(rows, _ROW)
    found = found[np.argsort(found["id"], kind="stable")]
    hours = found["hour"].astype("datetime64[h]").astype(np.int64)
    return Places(found["id"].copy(), found["camera"].copy(), hours)
