"""The workers of one run as Ray actors: started where there is room, kept alive by Ray, let go when room is short."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol

from surveil.errors import SurveilError
from surveil.ingest.scan import Waiting
from surveil.offline import import_ray
from surveil.types import FootageReport

START_RETRIES = 3
"""So often a worker's start is tried again, when its process or its machine dies meanwhile."""
LEAVING_SECONDS = 60.0
"""So long footage in hand is waited for at the end: until the detector has looked at what it was given."""

log = logging.getLogger(__name__)


class Ingests(Protocol):
    """Works through what a scan gives, as `surveil.ingest.worker.Worker` does."""

    def ingest(self, scanned: Sequence[Waiting], /) -> Iterator[FootageReport]: ...


OpenWorker = Callable[[threading.Event], AbstractContextManager[Ingests]]
"""Opens a worker, on whatever machine it is called, that stops when the event is set. It travels there as a pickle."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one worker has to itself.

    Attributes:
        cpus: Processor cores.
        gpus: Graphics cards, or what share of one; 0: it runs on processors.
    """

    cpus: int
    gpus: float = 0.0

    def __str__(self) -> str:
        return f"{self.cpus} cores" + (f" and {self.gpus:g} graphics cards" if self.gpus else "")

    def fits(self, resources: dict[str, float]) -> int:
        """How many workers have room in this much."""
        by_cpu = int(resources.get("CPU", 0)) // self.cpus
        return by_cpu if not self.gpus else min(by_cpu, int(resources.get("GPU", 0) / self.gpus + 1e-6))


class RemoteWorker:
    """Lives in a process of its own on one of the machines, and works on one piece of footage at a time.

    Nothing is opened before the first call, so that what is wrong there is raised to whoever calls.
    """

    def __init__(self, open_worker: OpenWorker) -> None:
        self._open_worker = open_worker
        self._stop = threading.Event()
        self._stack = ExitStack()
        self._opened: Ingests | None = None

    def ready(self) -> None:
        """Open database and media folder."""
        self._worker()

    def work(self, waiting: Waiting) -> FootageReport:
        """Claim footage and work on it, or wait for whoever has it; what comes of it is in the database then."""
        [report] = self._worker().ingest([waiting])
        return report

    def stop(self) -> None:
        """Give back what is in hand."""
        self._stop.set()

    def _worker(self) -> Ingests:
        if self._opened is None:
            self._opened = self._stack.enter_context(self._open_worker(self._stop))
        return self._opened


class Crew:
    """Workers for one run; all are let go when its `with` block ends.

    Ray starts a worker again that died, elsewhere if its machine is gone, and gives it the same footage again; whatever
    the first one had stored counts, and the database counts the deaths. Where the machines that are left have no room
    for all, the next worker that is free is let go, and one that waits to be started again takes its place.

    Args:
        open_worker: Opens a worker.
        share: What each of them needs.
    """

    def __init__(self, open_worker: OpenWorker, share: Share) -> None:
        self._ray = import_ray()
        actor = self._ray.remote(max_restarts=-1, max_task_retries=-1, max_concurrency=2)(
            RemoteWorker
        )  # 2: work, and stop
        self._actor = actor.options(num_cpus=share.cpus, num_gpus=share.gpus)
        self._open_worker, self._share = open_worker, share
        self._starting: dict[Any, Any] = {}
        self._working: dict[Any, tuple[Any, int]] = {}
        self._free: list[Any] = []

    @property
    def in_work(self) -> set[int]:
        """The numbers of the footage that is in work."""
        return {footage_id for _, footage_id in self._working.values()}

    def places(self) -> int:
        """How many workers have room on the machines that are there now."""
        return sum(self._share.fits(node["Resources"]) for node in self._ray.nodes() if node["Alive"])

    def fit(self, wanted: int) -> int:
        """Start workers, or let some go, for so much footage that waits; how many are free to take some."""
        places = self.places()
        size = len(self._starting) + len(self._working) + len(self._free)
        for _ in range(min(places - size, wanted - len(self._starting) - len(self._free))):
            actor = self._actor.remote(self._open_worker)
            self._starting[actor.ready.options(max_task_retries=START_RETRIES).remote()] = actor
        for _ in range(min(size - places, len(self._free))):
            self._ray.kill(self._free.pop())
        return len(self._free)

    def give(self, waiting: Waiting) -> None:
        """Give footage to a worker that is free."""
        actor = self._free.pop()
        self._working[actor.work.remote(waiting)] = actor, waiting.footage_id

    def finished(self, seconds: float) -> Iterator[tuple[int, FootageReport]]:
        """Wait until something happens, but no longer than this; gives what was finished.

        Raises:
            SurveilError: A worker cannot be started, or cannot go on for a reason that is not its footage's.
        """
        called = [*self._starting, *self._working]
        if not self._ray.wait(called, timeout=seconds)[0]:
            return
        for ref in self._ray.wait(called, num_returns=len(called), timeout=0)[0]:
            if ref in self._starting:
                actor = self._starting.pop(ref)
                self._result(ref)
            else:
                actor, footage_id = self._working.pop(ref)
                yield footage_id, self._result(ref)
            self._free.append(actor)

    def stop(self) -> Iterator[tuple[int, FootageReport]]:
        """Have everybody give back what is in hand; gives what became of it."""
        for actor, _ in self._working.values():
            actor.stop.remote()
        self._let_go(list(self._starting.values()))
        self._starting.clear()
        deadline = time.monotonic() + LEAVING_SECONDS
        while self._working and (left := deadline - time.monotonic()) > 0:
            yield from self.finished(left)

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            for footage_id, _ in self.stop():
                log.info("footage %d is given back", footage_id)
        except SurveilError as failed:
            log.warning("a worker did not stop in order: %s", failed)
        finally:
            self._let_go([*self._free, *(actor for actor, _ in self._working.values())])

    def _let_go(self, actors: Sequence[Any]) -> None:
        for actor in actors:
            self._ray.kill(actor)

    def _result(self, ref: Any) -> Any:
        exceptions = self._ray.exceptions
        try:
            return self._ray.get(ref)
        except exceptions.RayTaskError as error:
            raise error.cause from None
        except exceptions.RayError as error:
            raise SurveilError(
                f"a worker cannot be kept running: {str(error).strip().splitlines()[0]}",
                "Ray",
                "Its own log says more: the folder logs of its session, by default under /tmp/ray/session_latest.",
            ) from error
