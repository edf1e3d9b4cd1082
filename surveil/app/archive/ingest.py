"""Taking footage into an archive."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from surveil.app.archive.base import ArchiveBase
from surveil.timezones import parse_time

if TYPE_CHECKING:
    import threading

    from surveil.app.results import ClusteringResult, DaemonStatus
    from surveil.types import FootageReport, PassedOver, ProgressCallback


class IngestMethods(ArchiveBase):
    """Finding the people in footage."""

    def ingest(
        self,
        paths: Iterable[str | Path],
        *,
        camera: str | None = None,
        start: datetime | str | None = None,
        zone: str | None = None,
        gate: bool = True,
        again: bool = False,
        progress: ProgressCallback | None = None,
        passed_over: Callable[[PassedOver], object] | None = None,
        stop: threading.Event | None = None,
    ) -> Iterator[FootageReport]:
        """Find the people in footage and store what they look like; gives a report of each piece when it is finished.

        The work is done while the reports are asked for, in this process or, with the setting `engine`, by workers on a
        Ray cluster. A piece that fails is reported and does not stop the rest.
        In the end, who clearly shows an identity that there is joins it; a clustering groups everybody.

        Args:
            paths: Videos, and folders that are searched for videos and folders of crops.
            camera: The camera that recorded all of it; None: told by the paths.
            start: When all of it starts; None: told by the paths.
            zone: Time zone the cameras stand in.
            gate: Whether frames without motion are passed over.
            again: Whether footage that is done, or was given up, is done again.
            progress: Told which footage is worked on, and how much of it is done (0 to 1); from other threads, where
                several pieces are worked on at once (setting `footage_at_once`).
            passed_over: Told of files that are not taken for footage, from another thread.
            stop: Ends the work when it is set; the next run goes on with what is left.

        Raises:
            SurveilError: The zone or the start is none, or a camera pattern of the settings is wrong.
            CheckpointError: A network cannot be loaded.
        """
        from surveil.app.engine import engine
        from surveil.app.ingest import Recorded, scan

        start = parse_time(start) if isinstance(start, str) else start
        recorded = Recorded(camera, start, zone)
        walk = scan(self.database, self.settings, recorded, again=again, passed_over=passed_over)
        with engine(self, gate=gate, progress=progress, stop=stop) as make:
            yield from make().ingest(walk.run([Path(path) for path in paths]))
        from surveil.identities.joining import join_new

        join_new(self.database, self.settings.cluster_threshold)

    def watch(
        self,
        paths: Iterable[str | Path],
        *,
        camera: str | None = None,
        zone: str | None = None,
        gate: bool = True,
        cluster_every: float | None = None,
        progress: ProgressCallback | None = None,
        told: Callable[[DaemonStatus | ClusteringResult], object] | None = None,
        stop: threading.Event | None = None,
    ) -> Iterator[FootageReport]:
        """Ingest what comes into folders, until it is told to stop; gives a report of each piece when it is finished.

        A file is taken when it has stopped changing (setting `watch_settled_seconds`). One that fails is tried again
        after growing pauses, and when it changes. Folders that go away are waited for, and so is the database, at the
        start for ten minutes.

        Args:
            paths: As for `ingest`.
            camera: As for `ingest`.
            zone: As for `ingest`.
            gate: As for `ingest`.
            cluster_every: Seconds after which all sightings are grouped again, if something is new; None: never.
            progress: As for `ingest`.
            told: Told how it goes, at the interval of the setting `watch_health_seconds`, and what each clustering came
                to; from other threads.
            stop: Ends it when it is set; what is in hand is given back.

        Raises:
            SurveilError: The zone is none, or a camera pattern of the settings is wrong.
            StoreError: The database is not surveil's or has an older schema, or it was out of reach for ten minutes at
                the start.
            CheckpointError: A network cannot be loaded.
        """
        from surveil.app.ingest import Recorded
        from surveil.app.watch import Watch

        watch = Watch(self, [Path(path) for path in paths], Recorded(camera, None, zone), gate, progress, told, stop)
        yield from watch.run(cluster_every)
