"""Writing what became of footage: its sightings and its "done" in one transaction, or nothing."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from surveil.attributes import OUTPUT_NAMES
from surveil.errors import StoreError
from surveil.store.columns import EMBEDDING_SIZE
from surveil.store.media import MediaFolder
from surveil.store.models import ModelRef, model_in_use, register_model
from surveil.store.session import Database
from surveil.store.tables import Camera, Crop, Description, Embedding, Footage, SightingRow
from surveil.types import Floats, FootageReport, Image, Sighting

JPEG_QUALITY = 92


class Writer:
    """Writes the sightings of one model into a database and its media folder.

    Args:
        database: Where the rows go.
        media: Where the crops go.
        model: What made the attributes and embeddings. The first model that a database sees becomes the one in use.

    Raises:
        StoreError: Another model is in use: searches would not find what this one wrote.
    """

    def __init__(self, database: Database, media: MediaFolder, model: ModelRef) -> None:
        self.database, self.media = database, media
        with database.session() as session:
            self.model_id = register_model(session, model)
            in_use = model_in_use(session)
            if in_use.id != self.model_id:
                raise StoreError(
                    f"this database is searched with the model {in_use.name} ({in_use.sha256[:12]}), "
                    f"not with {model.name} ({model.sha256[:12]})",
                    database.where,
                    "Use that model (--model), or start another database (--database).",
                )

    def begin(self, footage_id: int) -> FootageWriter:
        """Start writing one piece of footage; whoever holds its lease now is the one who may finish it.

        Raises:
            StoreError: There is no such footage.
        """
        with self.database.session() as session:
            row = session.execute(select(Footage.lease_owner).where(Footage.id == footage_id)).one_or_none()
        if row is None:
            raise StoreError(f"no footage has the number {footage_id}", self.database.where)
        return FootageWriter(self.database, self.media, self.model_id, footage_id, row.lease_owner)


class FootageWriter:
    """Collects the sightings of one piece of footage and stores them all at once; made by `Writer.begin`."""

    def __init__(
        self, database: Database, media: MediaFolder, model_id: int, footage_id: int, lease_owner: str | None
    ) -> None:
        self.footage_id = footage_id
        self._database, self._media, self._model_id, self._lease_owner = database, media, model_id, lease_owner
        self._rows: list[_Rows] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, sighting: Sighting) -> None:
        """Take a sighting. Its pictures go to the media folder at once, so that they never pile up in memory.

        Raises:
            StoreError: The media folder cannot be written.
            ValueError: The embedding or the attributes have another shape, or a value is not finite.
        """
        keys = [self._media.put(encode_jpeg(crop.image)) for crop in sighting.track.crops]
        self._rows.append(_Rows.of(sighting, keys))

    def progress(self, fraction: float) -> None:
        """Tell how much of the footage is done (0 to 1), for whoever watches; a transaction of its own."""
        with self._database.session() as session:
            self._update(session, {"progress": fraction})

    def finish(self, report: FootageReport) -> None:
        """Store all sightings and mark the footage done, in one transaction, in place of what it had before.

        Raises:
            StoreError: Another worker has taken the footage over; nothing was changed.
        """
        done = {
            "state": "done",
            "progress": 1.0,
            "frames": dataclasses.asdict(report.frames),
            "duration": report.duration,
            "warnings": [dataclasses.asdict(warning) for warning in report.warnings],
            "work_seconds": report.seconds,
        }
        with self._database.session() as session:
            # Locks the row, so that two workers who believe to own the footage finish one after the other.
            self._close(session, done | {"error": None})
            session.execute(delete(SightingRow).where(SightingRow.footage_id == self.footage_id))
            if self._rows:
                self._insert(session)
        self._rows.clear()

    def fail(self, error: str) -> None:
        """Mark the footage failed and say why; none of the sightings is stored.

        Raises:
            StoreError: Another worker has taken the footage over; nothing was changed.
        """
        with self._database.session() as session:
            self._close(session, {"state": "failed", "error": error})
        self._rows.clear()

    def _close(self, session: Session, values: dict[str, Any]) -> None:
        if not self._update(session, values | {"lease_owner": None, "lease_until": None}):
            raise StoreError(
                f"another worker has taken over footage {self.footage_id}; its result counts", self._database.where
            )

    def _update(self, session: Session, values: dict[str, Any]) -> bool:
        """Change the footage's row, if its lease is still whose it was at the beginning."""
        still_ours = Footage.lease_owner.is_not_distinct_from(self._lease_owner)
        changed = update(Footage).where(Footage.id == self.footage_id, still_ours).values(values).returning(Footage.id)
        return session.execute(changed, execution_options={"synchronize_session": False}).first() is not None

    def _insert(self, session: Session) -> None:
        # The camera's row is held, so that its clock offset cannot change between here and the commit.
        [(camera_id, offset, started_at)] = session.execute(
            select(Camera.id, Camera.clock_offset, Footage.started_at)
            .join(Footage, Footage.camera_id == Camera.id)
            .where(Footage.id == self.footage_id)
            .with_for_update(read=True, of=Camera)
        )
        start = started_at + timedelta(seconds=offset)
        common = {"footage_id": self.footage_id, "camera_id": camera_id}
        sightings = [common | rows.sighting(start) for rows in self._rows]
        numbered = insert(SightingRow).returning(SightingRow.id, sort_by_parameter_order=True)
        stored = list(zip(session.scalars(numbered, sightings).all(), self._rows, strict=True))
        described = {"model_id": self._model_id}
        session.execute(insert(Description), [described | {"sighting_id": i} | rows.attributes for i, rows in stored])
        session.execute(
            insert(Embedding), [described | {"sighting_id": i, "vector": rows.embedding} for i, rows in stored]
        )
        crops = [{"sighting_id": sighting_id} | crop for sighting_id, rows in stored for crop in rows.crops(start)]
        if crops:
            session.execute(insert(Crop), crops)


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
