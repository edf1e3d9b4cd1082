"""Writing what became of footage: its sightings and its "done" in one transaction, or nothing.

Long footage is written in parts: what was seen up to a moment, the watermark, and what is needed to go on from there,
again in one transaction. Whoever is interrupted after that loses only what came later.
"""

from __future__ import annotations

import dataclasses
import time
from datetime import datetime, timedelta
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from surveil.attributes import OUTPUT_NAMES
from surveil.errors import LeaseLostError, ModelSwitchedError, StoreError
from surveil.store.bulk import insert_numbered, insert_rows
from surveil.store.clock import database_now
from surveil.store.columns import EMBEDDING_SIZE
from surveil.store.footage import delete_pictures, media_keys
from surveil.store.holds import held_footage
from surveil.store.locks import lock_numbers, lock_sightings
from surveil.store.media import MediaFolder
from surveil.store.models import ModelRef, check_in_use, model_in_use, register_model, to_use_it
from surveil.store.session import Database
from surveil.store.tables import (
    Camera,
    CropRow,
    Description,
    Embedding,
    Footage,
    ResumePoint,
    SavedSearchRow,
    SearchDue,
    SightingRow,
)
from surveil.types import Floats, FootageReport, Image, Sighting

JPEG_QUALITY = 92
SAME_START = timedelta(seconds=1)
"""File times, from which some starts are taken, are no more exact."""


class Writer:
    """Writes the sightings of one model into a database and its media folder.

    Args:
        database: Where the rows go.
        media: Where the crops go.
        model: What made the attributes and embeddings. The first model that a database sees becomes the one in use.

    Raises:
        ModelSwitchedError: Another model is in use: searches would not find what this one wrote.
    """

    def __init__(self, database: Database, media: MediaFolder, model: ModelRef) -> None:
        self.database, self.media = database, media
        with database.session() as session:
            self.model_id = register_model(session, model)
            in_use = model_in_use(session)
            if in_use.id != self.model_id:
                raise ModelSwitchedError(
                    f"this database is searched with the model {in_use.name} ({in_use.sha256[:12]}), "
                    f"not with {model.name} ({model.sha256[:12]})",
                    database.where,
                    to_use_it(in_use),
                )

    def begin(self, footage_id: int, *, resume: bool = False) -> FootageWriter:
        """Start writing one piece of footage; whoever holds its lease now is the one who may finish it.

        Args:
            footage_id: The footage.
            resume: Whether to add to what is stored up to the watermark; else all that is written takes its place.

        Raises:
            StoreError: There is no such footage.
        """
        with self.database.session() as session:
            stored = select(Footage.lease_owner, Footage.watermark).where(Footage.id == footage_id)
            row = session.execute(stored).one_or_none()
            if row is None:
                raise StoreError(f"no footage has the number {footage_id}", self.database.where)
            sightings = select(func.count()).where(SightingRow.footage_id == footage_id)
            count = session.scalars(sightings).one() if resume else 0
        lease = _Lease(self.database, footage_id, row.lease_owner, row.watermark)
        return FootageWriter(self.media, self.model_id, lease, stored=count if resume else None)

    def resume_state(self, footage_id: int) -> bytes | None:
        """What was stored with the watermark of a piece of footage, to go on from there; None if there is none."""
        with self.database.session() as session:
            return session.scalars(select(ResumePoint.state).where(ResumePoint.footage_id == footage_id)).one_or_none()


@dataclasses.dataclass(slots=True)
class _Lease:
    """The footage's row, which may be changed while it is still as we left it: same owner, same watermark."""

    database: Database
    footage_id: int
    owner: str | None
    watermark: float | None

    def change(self, session: Session, values: dict[str, Any]) -> None:
        """Change the row, and hold it until the commit, so that two who believe to own it come one after the other.

        Raises:
            LeaseLostError: Another worker has taken the footage over.
        """
        changed = (
            update(Footage)
            .where(
                Footage.id == self.footage_id,
                Footage.lease_owner.is_not_distinct_from(self.owner),
                Footage.watermark.is_not_distinct_from(self.watermark),
            )
            .values(values)
            .returning(Footage.id)
        )
        if session.execute(changed, execution_options={"synchronize_session": False}).first() is None:
            raise LeaseLostError(
                f"another worker has taken over footage {self.footage_id}; its result counts", self.database.where
            )

    def was_written(self, state: str, watermark: float | None, seconds: float) -> bool:
        """Whether a commit that seemed to fail, because the connection was lost, had reached the database."""
        with self.database.session() as session:
            row = session.scalars(select(Footage).where(Footage.id == self.footage_id)).one_or_none()
            return row is not None and (row.state, row.watermark, row.work_seconds) == (state, watermark, seconds)


class FootageWriter:
    """Stores the sightings of one piece of footage, in parts or all at once; made by `Writer.begin`."""

    def __init__(self, media: MediaFolder, model_id: int, lease: _Lease, *, stored: int | None) -> None:
        self.footage_id = lease.footage_id
        self._media, self._model_id, self._lease = media, model_id, lease
        self._replaces, self._stored = stored is None, stored or 0
        self._rows: list[_Rows] = []

    def __len__(self) -> int:
        return self._stored + len(self._rows)

    def add(self, sighting: Sighting) -> None:
        """Take a sighting. Its pictures go to the media folder at once, so that they never pile up in memory.

        Raises:
            StoreError: The media folder cannot be written.
            ValueError: The embedding or the attributes have another shape, or a value is not finite.
        """
        keys = [self._media.put(encode_jpeg(crop.image)) for crop in sighting.track.crops]
        self._rows.append(_Rows.of(sighting, keys))

    def progress(self, fraction: float) -> None:
        """Tell how much of the footage is done (0 to 1), for whoever watches; a transaction of its own.

        Raises:
            LeaseLostError: Another worker has taken the footage over.
        """
        with self._lease.database.session() as session:
            self._lease.change(session, {"progress": fraction})

    def store_part(self, report: FootageReport, watermark: float, state: bytes) -> None:
        """Store the sightings taken so far, the watermark, and what is needed to go on from there, in one transaction.

        May be called again when it failed: a commit that did reach the database is not repeated.

        Args:
            report: What the footage came to so far.
            watermark: Second of the footage up to which all that was seen is stored.
            state: What `Writer.resume_state` is to give to whoever goes on.

        Raises:
            LeaseLostError: Another worker has taken the footage over; nothing was changed.
        """
        values = _columns(report) | {"watermark": watermark, "attempts": 0}  # it gets on: nobody dies of it
        try:
            with self._lease.database.session() as session:
                self._lease.change(session, values)
                session.execute(delete(ResumePoint).where(ResumePoint.footage_id == self.footage_id))
                session.execute(insert(ResumePoint).values(footage_id=self.footage_id, state=state))
                self._store_rows(session)  # last: others who store wait from here to the commit
        except LeaseLostError:
            if not self._lease.was_written("working", watermark, report.seconds):
                raise
        self._lease.watermark = watermark
        self._rows_are_stored()

    def finish(self, report: FootageReport) -> None:
        """Store all sightings and mark the footage done, in one transaction, in place of what it had before.

        What a shorter version of it had, which was at the same place before it grew, goes too.

        May be called again when it failed: a commit that did reach the database is not repeated.

        Raises:
            LeaseLostError: Another worker has taken the footage over; nothing was changed.
        """
        done = {"state": "done", "progress": 1.0, "error": None, "watermark": report.duration, "attempts": 0}
        begun = time.time() - report.seconds
        try:
            with self._lease.database.session() as session:
                self._lease.change(session, _columns(report) | done | _UNLEASED)
                session.execute(delete(ResumePoint).where(ResumePoint.footage_id == self.footage_id))
                self._note_due(session)
                replaced = _shorter_versions(session, self.footage_id)
                keys = media_keys(session, replaced)
                lock_sightings(session, SightingRow.footage_id.in_(replaced), deleting=True)
                session.execute(delete(Footage).where(Footage.id.in_(replaced)))
                self._store_rows(session)  # last: others who store wait from here to the commit
        except LeaseLostError:
            if not self._lease.was_written("done", report.duration, report.seconds):
                raise
        else:
            delete_pictures(self._lease.database, self._media, keys, begun)
        self._rows_are_stored()

    def fail(self, report: FootageReport, *, keep: bool = False) -> None:
        """Mark the footage failed and say why, with the counts of its frames so far.

        Args:
            report: Has the error.
            keep: Whether what is stored up to the watermark stays, because work may go on from there. Sightings of an
                earlier run that was done stay in any case.

        Raises:
            LeaseLostError: Another worker has taken the footage over; nothing was changed.
        """
        failed = _columns(report) | {"state": "failed", "error": report.error} | _UNLEASED
        with self._lease.database.session() as session:
            self._lease.change(session, failed if keep else failed | {"watermark": None})
            if not keep and self._lease.watermark is not None:
                lock_sightings(session, SightingRow.footage_id == self.footage_id, deleting=True)
                session.execute(delete(SightingRow).where(SightingRow.footage_id == self.footage_id))
                session.execute(delete(ResumePoint).where(ResumePoint.footage_id == self.footage_id))
        self._rows.clear()

    def _store_rows(self, session: Session) -> None:
        # The camera is held, so that its clock offset cannot change between here and the commit.
        start = session.execute(
            select(Camera.id, Camera.clock_offset, Footage.started_at)
            .join(Footage, Footage.camera_id == Camera.id)
            .where(Footage.id == self.footage_id)
            .with_for_update(read=True, of=Camera)
        ).one()
        if self._replaces:
            lock_sightings(session, SightingRow.footage_id == self.footage_id, deleting=True)
            session.execute(delete(SightingRow).where(SightingRow.footage_id == self.footage_id))
        if self._rows:
            self._insert(session, *start)

    def _note_due(self, session: Session) -> None:
        """Watched searches are to be run on what is done now; who dies before that leaves it to others."""
        session.execute(delete(SearchDue).where(SearchDue.footage_id == self.footage_id))
        if session.scalars(select(SavedSearchRow.id).where(SavedSearchRow.watch).limit(1)).first() is not None:
            due = {"footage_id": self.footage_id, "owner": self._lease.owner, "since": database_now(session)}
            session.execute(insert(SearchDue).values(due))

    def _rows_are_stored(self) -> None:
        self._stored, self._replaces = len(self), False
        self._rows.clear()

    def _insert(self, session: Session, camera_id: int, offset: float, started_at: datetime) -> None:
        check_in_use(session, self._model_id, self._lease.database.where)
        lock_numbers(session)
        start = started_at + timedelta(seconds=offset)
        common = {"footage_id": self.footage_id, "camera_id": camera_id}
        sightings = [common | rows.sighting(start) for rows in self._rows]
        stored = list(zip(insert_numbered(session, SightingRow, sightings), self._rows, strict=True))
        described = {"model_id": self._model_id}
        insert_rows(session, Description, [described | {"sighting_id": i} | rows.attributes for i, rows in stored])
        insert_rows(
            session, Embedding, [described | {"sighting_id": i, "vector": rows.embedding} for i, rows in stored]
        )
        crops = [{"sighting_id": sighting_id} | crop for sighting_id, rows in stored for crop in rows.crops(start)]
        insert_rows(session, CropRow, crops)


@dataclasses.dataclass(frozen=True, slots=True)
class _Rows:
    """A sighting without its pictures, waiting for the footage to be done; times are seconds from its first frame."""

    first: float
    last: float
    columns: dict[str, Any]
    attributes: dict[str, float]
    embedding: NDArray[np.float16]
    crop_columns: list[tuple[float, dict[str, Any]]]

    @classmethod
    def of(cls, seen: Sighting, keys: list[str]) -> _Rows:
        track, appearance = seen.track, seen.appearance
        _check("attributes", appearance.attributes, len(OUTPUT_NAMES))
        _check("embedding", appearance.embedding, EMBEDDING_SIZE)
        detections = np.column_stack([track.seconds, track.boxes, track.scores])
        columns = {
            "boxes": [
                [round(seconds, 4), *_pixels(box), round(score, 3)] for seconds, *box, score in detections.tolist()
            ],
            "detections": len(track.seconds),
            "quality": max((float(crop.quality) for crop in track.crops), default=0.0),
        }
        attributes = dict(zip(OUTPUT_NAMES, appearance.attributes.tolist(), strict=True))
        crops = [
            (
                float(crop.seconds),
                {"rank": rank, "box": _pixels(crop.box.tolist()), "quality": float(crop.quality), "media_key": key},
            )
            for rank, (crop, key) in enumerate(zip(track.crops, keys, strict=True))
        ]
        embedding = appearance.embedding.astype(np.float16)
        return cls(float(track.seconds[0]), float(track.seconds[-1]), columns, attributes, embedding, crops)

    def sighting(self, start: datetime) -> dict[str, Any]:
        first, last = (start + timedelta(seconds=seconds) for seconds in (self.first, self.last))
        return self.columns | {"first_seen": first, "last_seen": last}

    def crops(self, start: datetime) -> list[dict[str, Any]]:
        return [columns | {"taken_at": start + timedelta(seconds=seconds)} for seconds, columns in self.crop_columns]


_UNLEASED: dict[str, Any] = {"lease_owner": None, "lease_until": None}


def _columns(report: FootageReport) -> dict[str, Any]:
    """The columns of the footage that its report fills."""
    return {
        "frames": dataclasses.asdict(report.frames),
        "duration": report.duration,
        "warnings": [dataclasses.asdict(warning) for warning in report.warnings],
        "work_seconds": report.seconds,
    }


def _shorter_versions(session: Session, footage_id: int) -> list[int]:
    """Footage that has grown into this: same place, camera and start, and no longer; but none that a case holds."""
    now = session.scalars(select(Footage).where(Footage.id == footage_id)).one()
    same = select(Footage).where(
        Footage.id != now.id,
        Footage.path == now.path,
        Footage.kind == now.kind,
        Footage.camera_id == now.camera_id,
        Footage.state != "working",
    )
    held = held_footage(session)
    return [
        other.id
        for other in session.scalars(same)
        if abs(other.started_at - now.started_at) <= SAME_START
        and other.duration <= now.duration
        and other.id not in held
        and other.frames.get("decoded", 0) <= now.frames.get("decoded", 0)
    ]


def encode_jpeg(image: Image) -> bytes:
    """A BGR picture (H, W, 3) as JPEG."""
    ok, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not ok:
        raise ValueError(f"cannot encode a picture of shape {image.shape}")
    return encoded.tobytes()


def _check(name: str, values: Floats, size: int) -> None:
    if values.shape != (size,) or not np.isfinite(values).all():
        raise ValueError(f"expected {size} finite {name}, got shape {values.shape}")


def _pixels(box: list[float]) -> list[float]:
    """A tenth of a pixel is more than a detector knows, and a third of the digits."""
    return [round(value, 1) for value in box]
