"""Databases of any size for measurements: sightings made from real descriptions, with noise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, select

from surveil.attributes import OUTPUT_NAMES
from surveil.store.models import ModelRef, register_model
from surveil.store.register import register_camera
from surveil.store.session import Database
from surveil.store.tables import CropRow, Description, Embedding, Footage, SightingRow
from surveil.types import Appearance

CAMERAS, FILES_PER_CAMERA = 8, 12
START = datetime(2026, 9, 14, tzinfo=UTC)
DAYS = 30
NOISE = 0.6
"""Length of the noise added to embeddings of length one."""
BATCH_SIZE = 20_000


def fill(database: Database, seeds: list[Appearance], model: ModelRef, count: int, *, seed: int = 0) -> None:
    """Store so many sightings, spread over cameras and a month, each a noisy copy of a real description."""
    random = np.random.default_rng(seed)
    with database.session() as session:
        model_id = register_model(session, model)
        cameras = [register_camera(session, f"camera-{number}") for number in range(CAMERAS)]
        footage = [
            {
                "camera_id": camera,
                "camera_from": "path",
                "path": f"/footage/{camera}-{number}.mp4",
                "kind": "video",
                "content_hash": f"{camera}-{number}",
                "started_at": START,
                "started_from": "path",
                "state": "done",
            }
            for camera in cameras
            for number in range(FILES_PER_CAMERA)
        ]
        session.execute(insert(Footage), footage)
        files = session.execute(select(Footage.id.label("footage_id"), Footage.camera_id)).all()
    with _without_indexes(database):
        for first in range(0, count, BATCH_SIZE):
            size = min(BATCH_SIZE, count - first)
            with database.session() as session:
                for table, rows in _rows(random, seeds, files, model_id, first + 1, size):
                    session.execute(insert(table), rows)


@contextmanager
def _without_indexes(database: Database) -> Iterator[None]:
    """Make indexes anew in the end, which takes a fraction of the time that keeping them up while rows come takes."""
    indexes = [
        index
        for table in (SightingRow, Description, CropRow)
        for index in table.metadata.tables[table.__tablename__].indexes
    ]
    with database.engine.begin() as connection:
        for index in indexes:
            index.drop(connection)
    yield
    for index in indexes:
        with database.engine.begin() as connection:
            index.create(connection)


def _rows(
    random: np.random.Generator, seeds: list[Appearance], files: Any, model_id: int, first: int, size: int
) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    ids = range(first, first + size)
    chosen = random.integers(len(seeds), size=size)
    attributes, vectors = noisy(random, seeds, chosen)
    seconds = random.random(size) * DAYS * 86400
    boxes = [[round(0.2 * i, 1), 100.0 + i, 200.0, 160.0 + i, 340.0, 0.9] for i in range(20)]
    yield (
        SightingRow,
        [
            {
                "id": number,
                **files[number % len(files)]._mapping,
                "identity_id": None,
                "first_seen": START + timedelta(seconds=moment),
                "boxes": boxes,
                "detections": 20,
                "last_seen": START + timedelta(seconds=moment + 4),
                "quality": 0.5,
            }
            for number, moment in zip(ids, seconds.tolist(), strict=True)
        ],
    )
    said = {"model_id": model_id}
    yield (
        Description,
        [
            said | {"sighting_id": number} | dict(zip(OUTPUT_NAMES, row, strict=True))
            for number, row in zip(ids, attributes.tolist(), strict=True)
        ],
    )
    yield Embedding, [said | {"sighting_id": number, "vector": row} for number, row in zip(ids, vectors, strict=True)]
    yield (
        CropRow,
        [
            {
                "sighting_id": number,
                "rank": 0,
                "taken_at": START + timedelta(seconds=moment),
                "box": boxes[0][1:5],
                "quality": 0.5,
                "media_key": f"{number % 256:02x}/{number:062x}.jpg",
            }
            for number, moment in zip(ids, seconds.tolist(), strict=True)
        ],
    )


def noisy(
    random: np.random.Generator, seeds: list[Appearance], chosen: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float16]]:
    """Attributes (n, 32) and embeddings (n, 544) of the chosen descriptions with noise."""
    attributes = np.stack([look.attributes for look in seeds])[chosen].astype(np.float64)
    logits = np.log(np.clip(attributes, 1e-4, 1 - 1e-4) / np.clip(1 - attributes, 1e-4, 1))
    attributes = 1 / (1 + np.exp(-(logits + random.normal(0, 1, attributes.shape))))
    vectors = np.stack([look.embedding for look in seeds])[chosen]
    vectors = vectors + random.normal(0, NOISE / np.sqrt(vectors.shape[1]), vectors.shape).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return attributes, vectors.astype(np.float16)
