"""Made-up sightings, the same for the same number, and footage to put them in."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy
from sqlalchemy import event

from surveil.attributes import OUTPUT_NAMES
from surveil.store import writer as writing
from surveil.store.media import MediaFolder
from surveil.store.models import ModelRef, register_model
from surveil.store.register import register_camera, register_footage
from surveil.store.session import Database
from surveil.store.tables import Description, Embedding, SightingRow
from surveil.store.writer import Writer
from surveil.types import Appearance, Crop, FootageReport, FootageWarning, FrameCounts, Sighting, Source, Track

START = datetime(2024, 3, 1, 12, tzinfo=UTC)
MODEL = ModelRef("test model", "f" * 64, {"architecture": "none"})


def make_sighting(number: int, *, start: float = 0.0, crops: int = 2) -> Sighting:
    random = np.random.default_rng(number)
    seconds = start + 0.2 * np.arange(4)
    boxes = random.uniform(0, 500, (4, 4)).astype(np.float32)
    embedding = random.normal(size=544).astype(np.float32)
    pictures = tuple(
        Crop(random.integers(0, 255, (40, 20, 3), np.uint8), float(seconds[i]), boxes[i], 0.9 - 0.3 * i)
        for i in range(crops)
    )
    appearance = Appearance(random.random(32).astype(np.float32), embedding / np.linalg.norm(embedding))
    return Sighting(Track(seconds, boxes, np.full(4, 0.8, np.float32), pictures), appearance)


def write_footage(url: str, media: Path, stop: str = "never", stopped: Path | None = None) -> None:
    """Ingest twelve made-up sightings as one piece of footage; stop dead at a given moment, told by making a file."""

    def hang(*_):
        stopped.touch()
        time.sleep(600)

    with Database.open(url) as database:
        source = Source(Path("/footage/yard.mp4"), "video", "yard", "path", START, "path", "a" * 64)
        footage_id, _ = register_footage(database, source)
        footage = Writer(database, MediaFolder(media), MODEL).begin(footage_id)
        for number in range(12):
            if stop == "adding" and number == 10:
                hang()
            footage.add(make_sighting(number))
            footage.progress(number / 12)
        if stop == "inserting":
            insert = writing.insert_rows
            writing.insert_rows = lambda *call: hang() if call[1].__tablename__ == "crop" else insert(*call)
        if stop == "committing":
            event.listen(database.engine, "commit", hang)
        footage.finish(FootageReport(source.path, "yard", "done"))


@pytest.fixture(name="write_footage")
def write_footage_fixture() -> Callable[..., None]:
    return write_footage


@pytest.fixture
def elsewhere() -> Iterator[Callable[..., BaseProcess]]:
    """Run code in a process of its own, with the given values as its variables."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["surveil.store.writer"])  # importing takes longer than all that the tests do there
    started = []

    def start(code: str, **values: object) -> BaseProcess:
        process = context.Process(target=exec, args=(code, values))
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.join()


@pytest.fixture
def sighting() -> Callable[..., Sighting]:
    return make_sighting


@pytest.fixture
def model() -> ModelRef:
    return MODEL


@pytest.fixture
def source() -> Callable[..., Source]:
    def make(content: str = "one", *, camera: str = "yard", path: Path = Path("/footage/yard.mp4")) -> Source:
        return Source(path, "video", camera, "path", START, "path", content.encode().hex().ljust(64, "0"))

    return make


@pytest.fixture
def report() -> FootageReport:
    frames = FrameCounts(decoded=100, processed=20, gated=30, sampled_out=50, unreadable=1)
    return FootageReport(
        Path("/footage/yard.mp4"),
        "yard",
        "done",
        frames,
        seconds=1.5,
        duration=4.0,
        warnings=(FootageWarning("gap", 1.0, 1.4),),
    )


@pytest.fixture
def writer(database: Database, media) -> Writer:
    return Writer(database, media, MODEL)


@pytest.fixture
def ingest(database: Database, writer: Writer, source, report) -> Callable[..., int]:
    """Store sightings, given by their numbers, as one piece of footage; returns its id."""

    def store(numbers, content: str = "one", **kwargs) -> int:
        footage_id, _ = register_footage(
            database, source(content, **{"path": Path(f"/footage/{content}.mp4"), **kwargs})
        )
        footage = writer.begin(footage_id)
        for position, number in enumerate(numbers):
            footage.add(make_sighting(number, start=float(position)))
        footage.finish(report)
        return footage_id

    return store


CROWD = 400


@pytest.fixture
def crowd(database, source):
    """Sightings of three cameras; one in eight has no embedding, and all have another model's embeddings as well."""
    random = np.random.default_rng(5)
    matrix = random.normal(size=(CROWD, 544)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix[100:103] = matrix[99]  # the same picture more than once
    footage_id, _ = register_footage(database, source())
    with database.session() as session:
        cameras = [register_camera(session, name) for name in ("yard", "gate", "hall")]
        models = [register_model(session, ModelRef(name, name * 64)) for name in "ab"]
        sightings = [
            {"id": i + 1, "footage_id": footage_id, "camera_id": cameras[i % 3], "boxes": [], "detections": 1}
            | {"quality": 0.5, "first_seen": START + timedelta(minutes=i), "last_seen": START + timedelta(minutes=i)}
            for i in range(CROWD)
        ]
        session.execute(sqlalchemy.insert(SightingRow), sightings)
        if database.dialect == "postgresql":  # which does not count numbers that were given to it
            session.execute(sqlalchemy.text(f"SELECT setval(pg_get_serial_sequence('sighting', 'id'), {CROWD})"))
        for row in sightings:
            row |= dict(zip(OUTPUT_NAMES, random.random(32).tolist(), strict=True))
        said = [
            {"sighting_id": row["id"], "model_id": models[0]} | {name: row[name] for name in OUTPUT_NAMES}
            for row in sightings
        ]
        session.execute(sqlalchemy.insert(Description), said)
        rows = [{"sighting_id": i + 1, "model_id": models[0], "vector": matrix[i]} for i in range(CROWD) if i % 8 != 7]
        rows += [{"sighting_id": i + 1, "model_id": models[1], "vector": -matrix[i]} for i in range(CROWD)]
        session.execute(sqlalchemy.insert(Embedding), rows)
    return matrix.astype(np.float16).astype(np.float32), sightings, models[0]
