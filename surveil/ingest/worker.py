"""Works through footage that waits: each piece claimed, processed and stored, whatever becomes of the others."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from functools import partial
from typing import TypeVar

from surveil.errors import FootageError, FootageReadError, LeaseLostError, StoreError, SurveilError
from surveil.ingest.backlog import Backlog
from surveil.ingest.intake import Intake
from surveil.ingest.leases import Claim, Heartbeat, claim_next, new_owner, release
from surveil.ingest.pipeline import Pipeline, Processing, Step
from surveil.ingest.resume import pack, unpack
from surveil.ingest.scan import Scanned, Waiting
from surveil.store.register import take_over_source
from surveil.store.retry import retry
from surveil.store.writer import FootageWriter, Writer
from surveil.types import FootageReport, ProgressCallback, Source, State

PROGRESS_SECONDS = 2.0
"""How often, at most, progress is written to the database."""
PART_SHARE = 0.02
"""Parts of long footage are stored so seldom that this takes no more than this share of the time."""
POLL_SECONDS = 2.0
"""How often it is looked whether footage that other workers hold has become free."""

T = TypeVar("T")
log = logging.getLogger(__name__)


class _StoppedError(Exception):
    """The run was told to stop."""


class Worker:
    """Ingests footage into one database.

    Args:
        writer: Where the sightings go.
        pipeline: How they are found.
        progress: Is told of the progress.
        stop: Ends the work when it is set: what is in hand is given back, and the next run goes on with it.
    """

    def __init__(
        self,
        writer: Writer,
        pipeline: Pipeline,
        progress: ProgressCallback | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self._writer, self._pipeline, self._callback = writer, pipeline, progress
        self._stop, self._leaves = stop or threading.Event(), False
        self.database = writer.database
        self._owner = new_owner()

    def ingest(self, scanned: Iterable[Scanned]) -> Iterator[FootageReport]:
        """Work through what a scan gives, while it goes on; gives a report of each piece as soon as it is finished.

        A piece that cannot be read, or at which the program fails, is reported as failed and does not stop the rest.
        Footage that another worker holds is waited for: when that worker dies, its footage is taken over.

        Raises:
            CheckpointError: The detector or the model cannot be loaded.
            StoreError: The database or the media folder cannot be used.
        """
        backlog = Backlog()
        quiet = False  # a scan that watches never ends: when nothing comes, footage that killed workers has its turn
        with Intake(scanned) as intake:
            while not self._stop.is_set():
                complete = intake.is_complete
                for item in intake.take():
                    if (report := backlog.add(item)) is not None:
                        yield report
                claimed = self.claim(list(backlog.waiting), fresh=not (complete or quiet))
                if claimed is not None:
                    report = self.work(claimed, backlog.waiting[claimed.footage_id])
                    if report is not None:
                        yield from backlog.settle(claimed.footage_id, report)
                    continue
                settled = self.retry(partial(backlog.settled_elsewhere, self.database, list(backlog.waiting)))
                yield from settled
                if complete and not backlog.waiting:
                    return
                if not settled:
                    quiet = self._stop.wait(POLL_SECONDS) if complete else not intake.wait(POLL_SECONDS)
            yield from filter(None, map(backlog.add, intake.take()))
        yield from backlog.left(self.database)

    def claim(self, footage_ids: list[int], *, fresh: bool) -> Claim | None:
        """Become the one who works on the next of these; see `surveil.ingest.leases.claim_next`."""
        claimed = self.retry(lambda: claim_next(self.database, footage_ids, self._owner, fresh=fresh))
        if claimed is not None and claimed.attempts:
            log.warning("footage %d: %d workers died on it; trying again", claimed.footage_id, claimed.attempts)
        return claimed

    def work(self, claimed: Claim, item: Waiting) -> FootageReport | None:
        """Process footage that is claimed; None if it was given back, or is another worker's now.

        Threads may do so at once, each with other footage.
        """
        try:
            with Heartbeat(self.database, claimed.footage_id, self._owner) as heartbeat:
                return self._process(claimed.footage_id, item, heartbeat)
        except LeaseLostError as error:
            log.warning("%s: %s", item.source.path, error)
            return None
        except BaseException as error:
            with suppress(StoreError):  # if the database is gone, the lease runs out by itself
                release(self.database, claimed.footage_id, self._owner)
            if isinstance(error, _StoppedError):
                return None
            raise

    def leave(self) -> None:
        """Give back what threads have in hand, as if the run had been told to stop."""
        self._leaves = True

    def must_stop(self) -> bool:
        """Whether what is in hand is to be given back."""
        return self._leaves or self._stop.is_set()

    def retry(self, action: Callable[[], T]) -> T:
        """Do something in the database until it works, or the run is stopped; see `surveil.store.retry`."""
        return retry(action, self._wait)

    def _wait(self, seconds: float) -> bool:
        self._stop.wait(seconds)
        return self.must_stop()

    def _process(self, footage_id: int, item: Waiting, heartbeat: Heartbeat) -> FootageReport:
        source = self.retry(lambda: take_over_source(self.database, footage_id, self._owner, item.source))
        recipe = self._recipe(source)
        state = self._resume_state(footage_id, recipe)
        output = self.retry(lambda: self._writer.begin(footage_id, resume=state is not None))
        work = _Work(self, source, output, heartbeat, recipe, worked=state["worked"] if state else 0.0)
        processing = self._pipeline.process(source, state and state["pipeline"])
        failure: Exception | None = None
        try:
            item.stamp.check(source)
            with closing(processing.steps()) as steps:
                for step in steps:
                    work.take(step, processing)
            item.stamp.check(source)
        except Exception as error:
            if not _is_the_footages_fault(error):
                raise
            failure = error
        return work.close(processing, failure)

    def _recipe(self, source: Source) -> State:
        """What must be the same when another process goes on with the footage; else it begins anew."""
        return {
            "model": self._writer.model_id,
            "camera": source.camera,
            "started_at": source.started_at.isoformat(),
            "pipeline": self._pipeline.recipe,
        }

    def _resume_state(self, footage_id: int, recipe: State) -> State | None:
        packed = self.retry(lambda: self._writer.resume_state(footage_id))
        if packed is None:
            return None
        try:
            state = unpack(packed)
        except ValueError as error:
            log.warning("footage %d begins anew: %s", footage_id, error)
            return None
        return state if state["recipe"] == recipe else None


class _Work:
    """One piece of footage in hand: takes the steps of the pipeline, and stores them."""

    def __init__(
        self, worker: Worker, source: Source, output: FootageWriter, heartbeat: Heartbeat, recipe: State, worked: float
    ) -> None:
        self._worker, self._source, self._output, self._heartbeat = worker, source, output, heartbeat
        self._recipe, self._worked = recipe, worked
        self._begun = self._told = time.monotonic()
        self._next_part = self._begun
        self._tell(0.0)

    def take(self, step: Step, processing: Processing) -> None:
        """Store what a step brought; ends the work when its result cannot count any more, or is not wanted."""
        for sighting in step.sightings:
            self._worker.retry(partial(self._output.add, sighting))
        if step.state is not None and time.monotonic() >= self._next_part:
            self._store_part(step.seconds, step.state(), processing)
        if self._heartbeat.lost:
            raise LeaseLostError("another worker has taken it over")
        if self._worker.must_stop():
            raise _StoppedError
        self._tell(step.done)

    def close(self, processing: Processing, failure: Exception | None) -> FootageReport:
        """Store the end, good or bad."""
        report = self._report(processing, None if failure is None else _reason(failure))
        if failure is None:
            self._worker.retry(lambda: self._output.finish(report))
        else:
            keep = isinstance(failure, FootageReadError)
            self._worker.retry(lambda: self._output.fail(report, keep=keep))
        return report

    def _store_part(self, seconds: float, state: State, processing: Processing) -> None:
        begun = time.monotonic()
        report = self._report(processing, None)
        packed = pack({"recipe": self._recipe, "worked": report.seconds, "pipeline": state})
        self._worker.retry(lambda: self._output.store_part(report, seconds, packed))
        ended = time.monotonic()
        self._next_part = ended + (ended - begun) / PART_SHARE

    def _report(self, processing: Processing, error: str | None) -> FootageReport:
        read = processing.result
        return FootageReport(
            self._source.path,
            self._source.camera,
            "done" if error is None else "failed",
            read.frames,
            len(self._output) if error is None else 0,
            self._worked + time.monotonic() - self._begun,
            read.duration,
            read.warnings,
            error=error,
            short_tracks=processing.short_tracks,
            kind=self._source.kind,
            not_people=processing.not_people,
        )

    def _tell(self, done: float) -> None:
        """Pass progress on, to the database only now and then. If that fails, the work goes on."""
        if self._worker._callback is not None:
            self._worker._callback(self._source, done)
        if done and time.monotonic() - self._told >= PROGRESS_SECONDS:
            try:
                self._output.progress(done)
            except LeaseLostError:
                raise
            except StoreError as error:
                log.warning("progress not written: %s", error)
            self._told = time.monotonic()


def _is_the_footages_fault(error: Exception) -> bool:
    """Whether other footage may fare better: not if the lease, the database, a checkpoint or a setting is at fault."""
    return isinstance(error, FootageError) or not isinstance(error, (SurveilError, _StoppedError))


def _reason(error: Exception) -> str:
    if isinstance(error, FootageError):
        return str(error)
    log.error("unexpected error", exc_info=error)
    return f"unexpected error, please report it: {type(error).__name__}: {error}"
