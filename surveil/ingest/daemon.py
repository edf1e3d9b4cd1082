"""A process that watches folders, as others see it: a row in the database that it keeps fresh while it lives."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from surveil.errors import StoreError
from surveil.files import path_text
from surveil.ingest.arrivals import Arrivals
from surveil.ingest.leases import is_dead, new_owner
from surveil.store.clock import database_now
from surveil.store.session import Database
from surveil.store.tables import Daemon

MISSED_BEATS = 3
"""So many signs of life may be missed before a daemon is taken for gone."""

log = logging.getLogger(__name__)


class Presence:
    """Tells the database that this process watches folders, again and again while its `with` block runs.

    Args:
        database: Who asks there sees it.
        paths: What is watched.
        arrivals: What the watch met.
        every: Seconds between two signs of life.
        told: Is called after each of them, from another thread.
    """

    def __init__(
        self,
        database: Database,
        paths: Sequence[Path],
        arrivals: Arrivals,
        every: float,
        told: Callable[[str], object],
    ) -> None:
        self.owner = new_owner()
        self._database, self._paths, self._arrivals, self._every, self._told = database, paths, arrivals, every, told
        self._scanned: float | None = None
        self._ended = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)

    def __enter__(self) -> Presence:
        with self._database.session() as session:
            now = database_now(session)
            folders = [path_text(path) for path in self._paths]
            _forget_dead(session, folders)
            row = Daemon(
                owner=self.owner,
                host=socket.gethostname(),
                pid=os.getpid(),
                folders=folders,
                away=[],
                growing=0,
                started_at=now,
                seen_at=now,
                alive_until=self._until(now),
            )
            session.add(row)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True
        self._wake.set()
        self._thread.join()
        try:
            with self._database.session() as session:
                session.execute(delete(Daemon).where(Daemon.owner == self.owner))
        except StoreError as failed:
            log.warning("cannot tell the database that the watch has ended: %s", failed)

    def scanned(self) -> None:
        """A look through the folders has ended just now."""
        self._scanned = time.monotonic()

    def _run(self) -> None:
        while not self._ended:
            try:
                self._beat()
                self._told(self.owner)
            except StoreError as error:
                log.warning("cannot tell the database that the watch goes on: %s", error)
            self._wake.wait(self._every)

    def _beat(self) -> None:
        with self._database.session() as session:
            now = database_now(session)
            values = {
                "seen_at": now,
                "alive_until": self._until(now),
                "growing": self._arrivals.growing,
                "away": list(self._arrivals.away),
            }
            if self._scanned is not None:
                values["last_scan"] = now - timedelta(seconds=time.monotonic() - self._scanned)
            session.execute(update(Daemon).where(Daemon.owner == self.owner).values(values))

    def _until(self, now: datetime) -> datetime:
        return now + timedelta(seconds=MISSED_BEATS * self._every)


def is_alive(daemon: Daemon, now: datetime) -> bool:
    """Whether a daemon was heard of lately, and its process is not seen to be gone.

    Args:
        daemon: Its row.
        now: The time by the database's clock.
    """
    return daemon.alive_until >= now and not is_dead(daemon.owner)


def _forget_dead(session: Session, folders: list[str]) -> None:
    """Rows of daemons that died and whose work this process takes up."""
    now = database_now(session)
    rows = session.scalars(select(Daemon)).all()
    dead = [row.id for row in rows if set(row.folders) <= set(folders) and not is_alive(row, now)]
    session.execute(delete(Daemon).where(Daemon.id.in_(dead)))
