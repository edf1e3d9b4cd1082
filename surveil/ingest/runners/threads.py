"""Several pieces of footage at once in one process: each in a thread of its own, the networks shared."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from types import TracebackType

from surveil.ingest.backlog import Backlog
from surveil.ingest.intake import Intake
from surveil.ingest.leases import Claim
from surveil.ingest.runners.in_hand import InHand
from surveil.ingest.scan import Scanned, Waiting
from surveil.ingest.worker import POLL_SECONDS, Worker
from surveil.types import FootageReport


class ThreadRunner:
    """Works through footage as `surveil.ingest.worker.Worker` does, on several pieces at once.

    Footage on which a worker died is worked on alone, and after the rest.

    Args:
        worker: Does the work, in threads; it serves for one run.
        at_once: So many pieces.
    """

    def __init__(self, worker: Worker, at_once: int) -> None:
        self._worker, self._at_once = worker, at_once
        self._news = threading.Event()

    def ingest(self, scanned: Iterable[Scanned]) -> Iterator[FootageReport]:
        """Work through what a scan gives; gives a report of each piece as soon as it is finished.

        Raises:
            CheckpointError: The detector or the model cannot be loaded.
            StoreError: The database or the media folder cannot be used.
        """
        backlog, quiet = Backlog(), False
        with Intake(scanned, self._news.set) as intake, _Threads(self._worker, self._at_once, self._news) as threads:
            while not self._worker.must_stop():
                self._news.clear()  # whatever comes from here on is seen below, or ends the wait
                complete = intake.is_complete
                for item in intake.take():
                    if (report := backlog.add(item)) is not None:
                        yield report
                for footage_id, report in threads.finished():
                    yield from backlog.settle(footage_id, report)
                if self._take_up(backlog, threads, fresh=not (complete or quiet)):
                    continue
                if threads.in_hand.has_room():
                    elsewhere = threads.not_in_hand(backlog)
                    yield from self._worker.retry(partial(backlog.settled_elsewhere, self._worker.database, elsewhere))
                    if complete and not backlog.waiting:
                        return
                quiet = not self._news.wait(POLL_SECONDS)
            for footage_id, report in threads.give_back():
                yield from backlog.settle(footage_id, report)
            yield from filter(None, map(backlog.add, intake.take()))
        yield from backlog.left(self._worker.database)

    def _take_up(self, backlog: Backlog, threads: _Threads, *, fresh: bool) -> bool:
        """Claim footage for a thread that is free; whether there was any."""
        if not threads.in_hand.has_room():
            return False
        claimed = self._worker.claim(threads.not_in_hand(backlog), fresh=fresh or bool(threads.in_hand))
        if claimed is not None:
            threads.take(claimed, backlog.waiting[claimed.footage_id])
        return claimed is not None


class _Threads:
    """Threads with footage in hand, which they give back when the `with` block ends."""

    def __init__(self, worker: Worker, at_once: int, news: threading.Event) -> None:
        self._worker, self._news = worker, news
        self._pool = ThreadPoolExecutor(at_once, "footage")
        self.in_hand: InHand[Future[FootageReport | None]] = InHand(at_once)

    def not_in_hand(self, backlog: Backlog) -> list[int]:
        """What waits to be claimed."""
        return [footage_id for footage_id in backlog.waiting if footage_id not in self.in_hand]

    def take(self, claimed: Claim, item: Waiting) -> None:
        """Have footage worked on."""
        work = self._pool.submit(self._worker.work, claimed, item)
        self.in_hand.take(claimed.footage_id, work, alone=claimed.attempts > 0)
        work.add_done_callback(lambda _: self._news.set())

    def finished(self) -> Iterator[tuple[int, FootageReport]]:
        """The reports of what is done by now. What was given back, or is another worker's, is in hand no longer.

        Raises:
            SurveilError: Work cannot go on for a reason that is not its footage's.
        """
        for footage_id in [footage_id for footage_id, work in self.in_hand.items() if work.done()]:
            report = self.in_hand.pop(footage_id).result()
            if report is not None:
                yield footage_id, report

    def give_back(self) -> Iterator[tuple[int, FootageReport]]:
        """Stop; gives the reports of what was done all the same."""
        self._worker.leave()
        self._pool.shutdown()
        yield from self.finished()

    def __enter__(self) -> _Threads:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._worker.leave()
        self._pool.shutdown()
