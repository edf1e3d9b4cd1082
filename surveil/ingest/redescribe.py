"""Another model for what is stored: all sightings are described from their pictures, then searches switch to it.

Nothing is decoded anew. What the other model says is stored beside what the one in use says, some sightings at a time,
so whoever is interrupted goes on where it stopped; searches and ingests go on meanwhile. The switch is one transaction,
in which no sighting is left that the other model has not described.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.exc import IntegrityError

from surveil.attributes import OUTPUT_NAMES
from surveil.errors import PictureError, StoreError, StoreUnavailableError
from surveil.images import decode_picture
from surveil.ingest.describe import DescribesPeople
from surveil.model.embed import summarise
from surveil.store.media import MediaFolder
from surveil.store.models import ModelRef, model_in_use, register_model, switch_model
from surveil.store.retry import retry
from surveil.store.session import Database
from surveil.store.tables import CropRow, Description, Embedding, Model, SightingRow
from surveil.store.upsert import insert_missing
from surveil.types import Appearance, Image

BATCH_SIZE = 64
"""Sightings of one transaction: seconds of work."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Redescribed:
    """What became of it.

    Attributes:
        described: Sightings that were described now; those of earlier tries not counted.
        left_out: Sightings without a picture that can be read, which the model cannot describe.
        switched: Whether searches go by the model now; not if it was stopped before.
    """

    described: int
    left_out: int
    switched: bool


class Redescription:
    """Describes everybody with another model.

    Args:
        database: Where the sightings are.
        media: Where their pictures are.
        model: The model, as the database is to know it.
        load: Gives the model; called when there is something to describe.
        progress: Is told how many sightings are described, and of how many.
        stop: Ends the work when it is set; the next try goes on.
        leave_out: Whether to switch although sightings have no picture that can be read: nobody finds them then.
    """

    def __init__(
        self,
        database: Database,
        media: MediaFolder,
        model: ModelRef,
        load: Callable[[], DescribesPeople],
        *,
        progress: Callable[[int, int], object] | None = None,
        stop: threading.Event | None = None,
        leave_out: bool = False,
    ) -> None:
        self._database, self._media, self._model, self._load = database, media, model, load
        self._progress = progress or (lambda _done, _total: None)
        self._stop, self._leave_out = stop or threading.Event(), leave_out
        self._unreadable: set[int] = set()
        self._described = 0

    def run(self) -> Redescribed:
        """Describe who is not described yet, and switch.

        Raises:
            StoreError: The database cannot be used, or sightings have no picture that can be read.
            CheckpointError: The model cannot be loaded.
        """
        with self._database.session() as session:
            model_id = register_model(session, self._model)
            in_use = model_in_use(session).id
        switched = in_use == model_id and not self._missing(model_id)
        while not (switched or self._stop.is_set()):
            self._describe_missing(model_id)
            switched = not self._stop.is_set() and retry(partial(self._switch, model_id), self._stop.wait)
        return Redescribed(self._described, len(self._unreadable), switched)

    def _missing(self, model_id: int) -> int:
        with self._database.session() as session:
            return session.scalar(select(func.count()).select_from(SightingRow).where(_undescribed(model_id))) or 0

    def _describe_missing(self, model_id: int) -> None:
        missing = self._missing(model_id)
        with self._database.session() as session:
            total = session.scalar(select(func.count()).select_from(SightingRow)) or 0
        done = total - missing
        self._progress(done, total)
        for ids in self._parts(model_id):
            retry(partial(self._describe, model_id, ids), self._stop.wait)
            done += len(ids)
            self._progress(min(done, total), total)

    def _parts(self, model_id: int) -> Iterator[list[int]]:
        """Sightings that are to be described, part by part, by number: new ones have greater numbers."""
        last = 0
        while not self._stop.is_set():
            missing = select(SightingRow.id).where(_undescribed(model_id), SightingRow.id > last)
            with self._database.session() as session:
                ids = list(session.scalars(missing.order_by(SightingRow.id).limit(BATCH_SIZE)))
            if not ids:
                return
            yield ids
            last = ids[-1]

    def _describe(self, model_id: int, ids: Sequence[int]) -> None:
        crops = select(CropRow.sighting_id, CropRow.media_key, CropRow.quality).where(CropRow.sighting_id.in_(ids))
        with self._database.session() as session:
            rows = session.execute(crops.order_by(CropRow.sighting_id, CropRow.rank)).all()
        pictures = [(row.sighting_id, row.quality, self._picture(row.media_key)) for row in rows]
        seen = [(sighting, quality, picture) for sighting, quality, picture in pictures if picture is not None]
        self._unreadable |= set(ids) - {sighting for sighting, _, _ in seen}
        if not seen:
            return
        described = self._load().describe([picture for _, _, picture in seen])
        of: dict[int, tuple[list[Appearance], list[float]]] = {}
        for (sighting, quality, _), appearance in zip(seen, described, strict=True):
            appearances, qualities = of.setdefault(sighting, ([], []))
            appearances.append(appearance)
            qualities.append(quality)
        self._store(model_id, {sighting: summarise(*parts) for sighting, parts in of.items()})

    def _picture(self, key: str) -> Image | None:
        try:
            return decode_picture(self._media.read(key), key)
        except StoreUnavailableError:  # the disk is away: it is tried again
            raise
        except (StoreError, PictureError) as error:
            log.warning("%s", error)
            return None

    def _store(self, model_id: int, looks: dict[int, Appearance]) -> None:
        """Store what the model says, unless the sighting is gone, or somebody else has stored it meanwhile."""
        try:
            with self._database.session() as session:
                there = select(SightingRow.id).where(SightingRow.id.in_(looks)).order_by(SightingRow.id)
                present = session.scalars(there.with_for_update(read=True, key_share=True)).all()
                rows: list[dict[str, Any]] = [{"sighting_id": sighting, "model_id": model_id} for sighting in present]
                said = [
                    row | dict(zip(OUTPUT_NAMES, looks[row["sighting_id"]].attributes.tolist(), strict=True))
                    for row in rows
                ]
                insert_missing(session, Description, said)
                insert_missing(
                    session, Embedding, [row | {"vector": looks[row["sighting_id"]].embedding} for row in rows]
                )
        except IntegrityError:  # on SQLite a sighting may go between the two statements
            self._store(model_id, looks)
        else:
            self._described += len(rows)

    def _switch(self, model_id: int) -> bool:
        """Switch searches to the model, if it has described everybody; who stores sightings meanwhile waits."""
        if self._unreadable and not self._leave_out:
            raise StoreError(
                f"{len(self._unreadable)} sightings have no picture that can be read, so {self._model.name} cannot "
                "describe them, and nobody would find them",
                self._media.folder,
                "See `surveil db check`; to switch without them: --leave-out.",
            )
        with self._database.session() as session:
            # A writer holds this row as it is from its check that its model is in use to its commit.
            session.execute(update(Model).where(Model.in_use).values(in_use=True))
            missing = select(SightingRow.id).where(_undescribed(model_id)).limit(len(self._unreadable) + 1)
            if not set(session.scalars(missing)) <= self._unreadable:
                return False
            switch_model(session, model_id)
        return True


def _undescribed(model_id: int) -> ColumnElement[bool]:
    return ~exists().where(Embedding.sighting_id == SightingRow.id, Embedding.model_id == model_id)
