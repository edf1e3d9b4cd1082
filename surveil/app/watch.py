"""Watching folders: what comes in is ingested, everybody is grouped at an interval, and others can see how it goes."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from sqlalchemy import select

from surveil.app.archive.base import ArchiveBase
from surveil.app.engine import Engine, engine
from surveil.app.footage import daemons
from surveil.app.ingest import Recorded, scan
from surveil.app.results import ClusteringResult, DaemonStatus
from surveil.errors import ModelSwitchedError, StoreError, StoreUnavailableError
from surveil.identities.cluster import cluster, is_current
from surveil.identities.joining import join_new
from surveil.ingest.arrivals import Arrivals
from surveil.ingest.daemon import Presence
from surveil.ingest.scan import Scan, Scanned
from surveil.store.retry import retry
from surveil.store.tables import Footage
from surveil.types import FootageReport, ProgressCallback

LEAVING_SECONDS = 30.0
"""So long a clustering that runs is waited for at the end; one that is left off has stored nothing."""

Told = Callable[[DaemonStatus | ClusteringResult], object]
log = logging.getLogger(__name__)


class Watch:
    """Scans the folders again and again, and ingests what is new; see `Archive.watch` for the arguments."""

    def __init__(
        self,
        archive: ArchiveBase,
        paths: Sequence[Path],
        recorded: Recorded,
        gate: bool,
        progress: ProgressCallback | None,
        told: Told | None,
        stop: threading.Event | None,
    ) -> None:
        self._archive, self._recorded, self._gate, self._progress = archive, recorded, gate, progress
        self._told: Told = told or (lambda _: None)
        self._stop = stop or threading.Event()
        self._switched = False
        # Relative paths as they are now; links keep their names, which may hold the camera.
        self._paths = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100
        self._arrivals = Arrivals(archive.settings.watch_settled_seconds)

    def run(self, cluster_every: float | None) -> Iterator[FootageReport]:
        """Watch until told to stop."""
        with ExitStack() as stack:
            try:
                presence = retry(lambda: stack.enter_context(self._presence()), self._stop.wait)
            except StoreUnavailableError:
                if self._stop.is_set():
                    return
                raise
            if cluster_every is not None:
                stack.enter_context(_Clusterings(self._archive, cluster_every, self._told))
            make = stack.enter_context(engine(self._archive, gate=self._gate, progress=self._progress, stop=self._stop))
            while not self._stop.is_set():
                try:
                    yield from self._round(presence, make())
                except StoreUnavailableError as error:
                    log.warning("%s The watch goes on.", error)
                except ModelSwitchedError as error:
                    if self._archive.settings.model is not None or self._switched:
                        raise
                    log.warning("%s", error)
                    self._switched = True  # and not done with the next round either: it is no model that ships
                    self._archive.models.choose_again()
                self._stop.wait(self._archive.settings.watch_scan_seconds)

    def _presence(self) -> Presence:
        every = self._archive.settings.watch_health_seconds
        return Presence(self._archive.database, self._paths, self._arrivals, every, self._tell_health)

    def _round(self, presence: Presence, hand: Engine) -> Iterator[FootageReport]:
        """Ingest what is there now, and what comes meanwhile."""
        archive = self._archive
        self._arrivals.take_back()
        walk = scan(
            archive.database, archive.settings, self._recorded, again=False, passed_over=None, find=self._arrivals.find
        )
        is_news = self._switched = False
        for report in hand.ingest(self._scans(walk, presence)):
            self._arrivals.settle(report)
            if report.state in ("done", "failed"):
                is_news |= report.state == "done"
                yield report
        if is_news and not self._stop.is_set():
            join_new(archive.database, archive.settings.cluster_threshold)

    def _scans(self, walk: Scan, presence: Presence) -> Iterator[Scanned]:
        """Scan again and again while something is in work."""
        while True:
            with self._archive.database.session() as session:
                waiting = set(session.scalars(select(Footage.path).where(Footage.state == "waiting")))
            self._arrivals.look_again(waiting)
            yield from walk.run(self._paths)
            presence.scanned()
            if not self._arrivals.is_working or self._stop.wait(self._archive.settings.watch_scan_seconds):
                return

    def _tell_health(self, owner: str) -> None:
        with self._archive.database.session() as session:
            for health in daemons(session, owner):
                self._told(health)


class _Clusterings:
    """Groups all sightings at an interval, in a thread of its own, while its `with` block runs."""

    def __init__(self, archive: ArchiveBase, every: float, told: Told) -> None:
        self._archive, self._every, self._told = archive, every, told
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clusterings", daemon=True)

    def __enter__(self) -> _Clusterings:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(LEAVING_SECONDS)

    def _run(self) -> None:
        while not self._ended.wait(self._every):
            try:
                if not is_current(self._archive.database, self._archive.settings.cluster_threshold):
                    outcome = cluster(self._archive.database, self._archive.settings.cluster_threshold)
                    self._told(ClusteringResult.model_validate(outcome))
            except StoreError as error:  # nothing was ingested yet, or the database is away
                log.warning("not grouped: %s", error)
