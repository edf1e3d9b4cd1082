"""The desk over a copy of the demo's database, as `surveil serve` serves it, for what looks at it from outside."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import surveil
from surveil.accounts.permissions import ROLES, Role
from surveil.app import Archive

PASSWORD = "a long password of theirs"
"""Of all accounts; each is called what its role is called."""


@dataclass(frozen=True, slots=True)
class Served:
    """A desk that is served.

    Attributes:
        address: Such as "http://127.0.0.1:41234".
        database: The URL of its database.
        cookies: Of each role, the secret of a session.
        process: The number of the server's process.
    """

    address: str
    database: str
    cookies: dict[Role, str]
    process: int


@contextmanager
def served(demo: Path, folder: Path, prepare: Callable[[Archive], object] = lambda _: None) -> Iterator[Served]:
    """Serve a copy of a database.

    Args:
        demo: The folder that holds surveil.db and its media folder.
        folder: An empty folder for the copy, and for the key that signs evidence.
        prepare: What is done to the copy before it is served.
    """
    shutil.copytree(demo, folder, dirs_exist_ok=True)
    with serving(f"sqlite:///{folder}/surveil.db", folder, prepare) as desk:
        yield desk


@contextmanager
def serving(database: str, folder: Path, prepare: Callable[[Archive], object] = lambda _: None) -> Iterator[Served]:
    """Serve a database as it is, which gets an account for each role.

    Args:
        database: Its URL.
        folder: For the key that signs evidence.
        prepare: What is done to it before it is served.
    """
    with surveil.open(database) as archive:
        for role in ROLES:
            archive.accounts.add(role, PASSWORD, role)
        prepare(archive)
        cookies = {role: archive.accounts.sign_in(role, PASSWORD, "127.0.0.1").secret for role in ROLES}
    command = [str(Path(sys.executable).with_name("surveil")), "--database", database, "serve", "--port", "0"]
    environment = os.environ | {"XDG_DATA_HOME": str(folder)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            yield Served(_address(server), database, cookies, server.pid)
        finally:
            server.terminate()


def _address(server: subprocess.Popen[str]) -> str:
    """Where it listens, which it says when it is ready."""
    for line in server.stdout or ():
        if found := re.search(r"https?://[^/]+", line):
            return found[0]
    raise RuntimeError(f"the server ended with {server.wait()}")
