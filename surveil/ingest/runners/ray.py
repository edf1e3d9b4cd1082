"""Many machines: a driver that scans, and hands footage to workers on a Ray cluster."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from surveil.errors import SurveilError
from surveil.ingest.backlog import Backlog
from surveil.ingest.intake import Intake
from surveil.ingest.runners.crew import Crew, OpenWorker, Share
from surveil.ingest.scan import Scanned
from surveil.ingest.worker import POLL_SECONDS
from surveil.offline import cores, import_ray
from surveil.store.retry import retry
from surveil.store.session import Database
from surveil.types import FootageReport, ProgressCallback

KNOCK_SECONDS = 10.0
"""So long a cluster's head may take to answer."""
OBJECT_STORE_BYTES = 80 * 2**20
"""Of a cluster on this machine; the least that Ray takes. Only names and reports travel: frames stay where they are."""


class RayRunner:
    """Works through footage with workers on the machines of a cluster; see `surveil.ingest.worker.Worker`.

    The scan runs here. Each worker claims what it is given in the database, as every worker does. Footage that could
    not be claimed, because a worker died on it or another one has it, is given again after the rest, to a worker that
    has nothing else in hand.

    Args:
        database: Where the footage is registered.
        open_worker: Opens a worker on another machine.
        share: What each worker has to itself.
        progress: Is told which footage was handed out.
        stop: Ends the work when it is set: what is in hand is given back.
    """

    def __init__(
        self,
        database: Database,
        open_worker: OpenWorker,
        share: Share,
        progress: ProgressCallback | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self._database, self._open_worker, self._share = database, open_worker, share
        self._progress = progress or (lambda _source, _done: None)
        self._stop = stop or threading.Event()

    def ingest(self, scanned: Iterable[Scanned]) -> Iterator[FootageReport]:
        """Work through what a scan gives; gives a report of each piece as soon as it is finished.

        Raises:
            SurveilError: No machine has room for a worker, or one cannot go on for a reason that is not its footage's.
        """
        backlog = Backlog()
        later: dict[int, float] = {}  # what could not be claimed, and when it is given again
        with Intake(scanned) as intake, Crew(self._open_worker, self._share) as crew:
            while not self._stop.is_set():
                complete = intake.is_complete
                for item in intake.take():
                    if (report := backlog.add(item)) is not None:
                        yield report
                if complete and not backlog.waiting:
                    return
                if not backlog.waiting:
                    intake.wait(POLL_SECONDS)
                    continue
                self._hand_out(backlog, later, crew)
                for footage_id, report in crew.finished(POLL_SECONDS):
                    later.pop(footage_id, None)
                    if report is not None:
                        yield from backlog.settle(footage_id, report)
                        continue
                    later[footage_id] = time.monotonic() + POLL_SECONDS
                    settled = partial(backlog.settled_elsewhere, self._database, [footage_id])
                    yield from retry(settled, self._stop.wait)
            for footage_id, report in crew.stop():
                if report is not None:
                    yield from backlog.settle(footage_id, report)
        yield from backlog.left(self._database)

    def _hand_out(self, backlog: Backlog, later: dict[int, float], crew: Crew) -> None:
        in_hand = crew.in_hand
        waiting = [item for footage_id, item in backlog.waiting.items() if footage_id not in in_hand]
        crew.fit(len(waiting))
        if not in_hand and not crew.places():
            raise SurveilError(
                "no machine of the cluster has room for a worker",
                "Ray",
                f"A worker needs {self._share} (settings ray_worker_cpus, ray_workers_per_gpu, device).",
            )
        now = time.monotonic()
        for item in sorted(waiting, key=lambda item: later.get(item.footage_id, 0.0)):
            again = item.footage_id in later
            if (again and later[item.footage_id] > now) or not crew.give(item, alone=again):
                return
            if not again:
                self._progress(item.source, 0.0)


@contextmanager
def connected(address: str | None) -> Iterator[None]:
    """Ray while the block runs: a cluster, or processes of this machine that only it can reach.

    A program that uses Ray already keeps its own connection.

    Args:
        address: `HOST:PORT` of the cluster's head; this machine must be one of its nodes. None: this machine alone.

    Raises:
        SurveilError: The extra `ray` is not installed, or there is no such cluster.
    """
    ray = import_ray(alone=address is None)
    if ray.is_initialized():
        yield
        return
    options: dict[str, Any] = {"logging_level": "WARNING"}
    if address is not None:
        _knock(address)
    else:
        options |= {"num_cpus": cores(), "include_dashboard": False, "object_store_memory": OBJECT_STORE_BYTES}
    try:
        with _own_signals():
            ray.init(address=address or "local", **options)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise _unreachable(address or "this machine", error) from error
    try:
        yield
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Fail at once where nobody answers: Ray itself tries for minutes."""
    host, _, port = address.rpartition(":")
    if not port.isdigit():
        return  # Ray says what is wrong with it, or knows what it means, as with "auto"
    try:
        socket.create_connection((host.strip("[]"), int(port)), KNOCK_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(address, error) from error


def _unreachable(address: str, error: Exception) -> SurveilError:
    said = (str(error).strip().splitlines() or ["no answer"])[0].rstrip(".")
    advice = "Start Ray on this machine first: ray start --address=HEAD:6379 (see docs/scaling.md)."
    return SurveilError(f"cannot be reached: {said}", f"Ray at {address}", advice)


@contextmanager
def _own_signals() -> Iterator[None]:
    """Ray takes SIGTERM for itself when it starts; whoever waited for it before goes on doing so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
