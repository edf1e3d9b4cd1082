"""Works through footage: each piece claimed, processed and stored as a whole, whatever becomes of the others."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import select

from surveil.errors import FootageError, StoreError, SurveilError
from surveil.ingest.pipeline import Pipeline
from surveil.ingest.queue import Heartbeat, claim, is_ours, new_owner, release
from surveil.store.register import register_footage
from surveil.store.session import Database
from surveil.store.tables import Footage
from surveil.store.writer import FootageWriter, Writer
from surveil.types import FootageReport, Source

PROGRESS_SECONDS = 2.0
"""How often, at most, progress is written to the database."""
TAKEN_OVER = "another worker is at it"

log = logging.getLogger(__name__)
ProgressCallback = Callable[[Source, float], None]
"""Is told which footage is worked on, and how much of it is done (0 to 1)."""


class _LeaseLostError(Exception):
    """Another worker has taken the footage over, because this one seemed dead."""


class Worker:
    """Ingests footage into one database.

    Args:
        writer: Where the sightings go.
        pipeline: How they are found.
        progress: Is told of the progress.
    """

    def __init__(self, writer: Writer, pipeline: Pipeline, progress: ProgressCallback | None = None) -> None:
        self._writer, self._pipeline, self._callback = writer, pipeline, progress
        self._database: Database = writer.database
        self._owner = new_owner()

    def ingest(self, found: Iterable[Source | FootageError]) -> Iterator[FootageReport]:
        """Ingest one piece of footage after the other; gives a report of each as soon as it is finished.

        A piece that cannot be read, or at which the program fails, is reported as failed and does not stop the rest.

        Raises:
            CheckpointError: The detector or the model cannot be loaded.
            StoreError: The database or the media folder cannot be used.
        """
        for source in found:
            if isinstance(source, FootageError):
                yield FootageReport(_path_of(source), "", "failed", error=str(source))
            else:
                yield self._ingest(source)

    def _ingest(self, source: Source) -> FootageReport:
        footage_id, state = register_footage(self._database, source)
        outcome = "done" if state == "done" else claim(self._database, footage_id, self._owner)
        report = FootageReport(source.path, source.camera, "duplicate", kind=source.kind)
        if outcome == "done":
            report.remark = self._ingested_before(footage_id, source)
        elif outcome == "busy":
            report.remark = TAKEN_OVER
        elif outcome == "failed":
            report.state, report.error = "failed", self._stored(footage_id).error
        else:
            self._work(footage_id, source, report)
        return report

    def _work(self, footage_id: int, source: Source, report: FootageReport) -> None:
        """Process footage that is claimed; the report says what came of it."""
        begun = time.monotonic()
        try:
            with Heartbeat(self._database, footage_id, self._owner) as heartbeat:
                output = self._writer.begin(footage_id)
                progress = _Progress(source, output, heartbeat, self._callback)
                processing = self._pipeline.process(source)
                try:
                    with closing(processing.steps()) as steps:
                        for step in steps:
                            for sighting in step.sightings:
                                output.add(sighting)
                            progress(step.done)
                except Exception as error:
                    if not _is_the_footages_fault(error):
                        raise
                    report.state, report.error = "failed", _reason(error)
                else:
                    report.state = "done"
                read = processing.result
                report.frames, report.duration, report.warnings = read.frames, read.duration, read.warnings
                report.short_tracks = processing.short_tracks
                report.sightings = len(output) if report.state == "done" else 0
                report.seconds = time.monotonic() - begun
                self._close(output, report)
        except _LeaseLostError:
            report.state, report.sightings, report.warnings, report.remark = "duplicate", 0, (), TAKEN_OVER
        except BaseException:
            with suppress(StoreError):  # if the database is gone, the lease runs out by itself
                release(self._database, footage_id, self._owner)
            raise

    def _close(self, output: FootageWriter, report: FootageReport) -> None:
        try:
            if report.state == "done":
                output.finish(report)
            else:
                output.fail(report.error or "")
        except StoreError:
            if is_ours(self._database, output.footage_id, self._owner):
                raise
            raise _LeaseLostError from None

    def _ingested_before(self, footage_id: int, source: Source) -> str:
        path = self._stored(footage_id).path
        return "ingested before" if path == str(source.path) else f"the same content as {path}"

    def _stored(self, footage_id: int) -> Footage:
        with self._database.session() as session:
            return session.scalars(select(Footage).where(Footage.id == footage_id)).one()


class _Progress:
    """Passes progress on, to the database only now and then; ends the work when its result cannot count any more."""

    def __init__(
        self, source: Source, output: FootageWriter, heartbeat: Heartbeat, progress: ProgressCallback | None
    ) -> None:
        self._source, self._output, self._heartbeat, self._callback = source, output, heartbeat, progress
        self._written = time.monotonic()
        self._tell(0.0)

    def __call__(self, done: float) -> None:
        if self._heartbeat.lost:
            raise _LeaseLostError
        self._tell(done)
        if time.monotonic() - self._written >= PROGRESS_SECONDS:
            self._output.progress(done)
            self._written = time.monotonic()

    def _tell(self, done: float) -> None:
        if self._callback is not None:
            self._callback(self._source, done)


def _is_the_footages_fault(error: Exception) -> bool:
    """Whether other footage may fare better: not if the lease, the database, a checkpoint or a setting is at fault."""
    return isinstance(error, FootageError) or not isinstance(error, (SurveilError, _LeaseLostError))


def _reason(error: Exception) -> str:
    if isinstance(error, FootageError):
        return str(error)
    log.error("unexpected error", exc_info=error)
    return f"unexpected error, please report it: {type(error).__name__}: {error}"


def _path_of(error: FootageError) -> Path:
    return Path(error.where) if error.where is not None else Path()
