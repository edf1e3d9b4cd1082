"""A desk over made-up people and one piece of sample footage, and browsers that are signed in to it."""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psycopg
import pytest
from fastapi.testclient import TestClient

import surveil
from surveil.app import Archive
from surveil.evidence.manifest import file_sha256
from surveil.store.media import MediaFolder
from surveil.store.session import Database
from surveil.store.tables import Footage
from surveil.web.access import CSRF_HEADER, csrf_token
from surveil.web.app import create_app
from surveil.web.desk import Desk
from surveil.web.signed_in import COOKIE

PASSWORD = "a long password of theirs"
ROLES = ("viewer", "investigator", "supervisor", "admin")
ANNA, BEN = np.eye(2, 544, dtype=np.float32)
HERE = "http://127.0.0.1:8750"


@dataclass(frozen=True)
class Made:
    """A database that was made once, its media folder, and the sessions of one account a role in it."""

    url: str
    folder: Path
    sessions: dict[str, str]


@pytest.fixture(scope="session")
def new_url(request, tmp_path_factory) -> Callable[..., str]:
    """Makes a database, empty or like another one that nobody has open, and gives its URL."""
    numbers = itertools.count()

    def make(kind: str, like: str | None = None) -> str:
        name = f"desk_{next(numbers)}"
        if kind == "sqlite":
            path = tmp_path_factory.mktemp(name) / "surveil.db"
            if like:
                shutil.copy(like.removeprefix("sqlite:///"), path)
            return f"sqlite:///{path}"
        server = request.getfixturevalue("postgres_server")
        template = like.partition("/desk_")[2].partition("?")[0] if like else None
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE desk_{template}" if template else ""))
        return server.replace("/postgres?", f"/{name}?")

    return make


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def kind(request) -> str:
    return request.param


@pytest.fixture(scope="session")
def made_once(kind, new_url, tmp_path_factory, filler, made_up, sample_data) -> Made:
    """Anna (1, 3) and Ben (2) at the gate and in the yard; the gate's footage is there, the yard's is gone."""
    folder = tmp_path_factory.mktemp("desk")
    [clip] = (sample_data / "footage").glob("gate_*.mp4")
    shutil.copy(clip, folder / "gate.mp4")
    media = MediaFolder(folder / "media")
    url = new_url(kind)
    with Database.open(url) as database:
        fill = filler(database, media)
        red = {"gender_female": 0.9, "upper_colour_red": 0.8}
        fill(
            [made_up(4, 6, red, ANNA, (20, 20, 220)), made_up(9, 11, {"gender_female": 0.1}, BEN)],
            camera="gate",
            zone="Europe/Berlin",
            path=folder / "gate.mp4",
        )
        fill([made_up(3600, 3610, red, ANNA)], camera="yard")
        with database.session() as session:  # so that its footage can be evidence
            session.get_one(Footage, 1).content_hash = file_sha256(folder / "gate.mp4")
    sessions = {}
    with surveil.open(url, media=media.folder, device="cpu") as archive:
        archive.cluster()
        for role in ROLES:
            archive.accounts.add(role, PASSWORD, role)
            sessions[role] = archive.accounts.sign_in(role, PASSWORD, "127.0.0.1").secret
    return Made(url, folder, sessions)


@pytest.fixture(scope="session")
def made_up():
    """As in the other folders, but for a database that is made once."""
    from dataclasses import dataclass, field

    @dataclass
    class MadeUp:
        first: float = 0.0
        last: float | None = None
        outputs: dict = field(default_factory=dict)
        embedding: np.ndarray | None = None
        colour: tuple = (90, 90, 90)

    return MadeUp


@pytest.fixture
def copied(kind, new_url, made_once, tmp_path) -> str:
    """The URL of a copy of it, to be changed; its media folder is `tmp_path / "media"`."""
    shutil.copytree(made_once.folder / "media", tmp_path / "media")
    return new_url(kind, made_once.url)


@pytest.fixture
def archive(copied, tmp_path) -> Iterator[Archive]:
    with surveil.open(copied, media=tmp_path / "media", device="cpu") as opened:
        yield opened


@pytest.fixture
def desk(archive) -> Desk:
    return Desk(archive)


@pytest.fixture
def app(desk):
    return create_app(desk)


class Browser(TestClient):
    """Follows no redirect by itself, and sends the token of its session with what changes something."""

    def __init__(self, app, secret: str | None = None) -> None:
        super().__init__(app, base_url=HERE, follow_redirects=False, raise_server_exceptions=False)
        if secret:
            self.cookies.set(COOKIE, secret)
            self.headers[CSRF_HEADER] = csrf_token(secret)


@pytest.fixture
def browser(app, made_once) -> Callable[[str | None], Browser]:
    """A browser in which somebody of a role is signed in, or nobody."""
    return lambda role=None: Browser(app, made_once.sessions[role] if role else None)


@pytest.fixture
def investigator(browser) -> Browser:
    return browser("investigator")


@pytest.fixture
def admin(browser) -> Browser:
    return browser("admin")


def text_of(page: str) -> str:
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.fixture(scope="session")
def said() -> Callable[[str], str]:
    return text_of
