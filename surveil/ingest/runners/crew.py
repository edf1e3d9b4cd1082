"""The workers of one run as Ray actors: started where there is room, kept alive by Ray, let go when room is short."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from surveil.errors import SurveilError
from surveil.ingest.runners.in_hand import InHand
from surveil.ingest.scan import Waiting
from surveil.ingest.worker import Worker
from surveil.offline import import_ray
from surveil.types import FootageReport

START_RETRIES = 3
"""So often a worker's start is tried again, when its process or its machine dies meanwhile."""
LEAVING_SECONDS = 60.0
"""So long footage in hand is waited for at the end: until the detector has looked at what it was given."""

log = logging.getLogger(__name__)


OpenWorker = Callable[[threading.Event], AbstractContextManager[Worker]]
"""Opens a worker, on whatever machine it is called, that stops when the event is set. It travels there as a pickle."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one worker has to itself.

    Attributes:
        cpus: Processor cores.
        gpus: Graphics cards, or what share of one; 0: it runs on processors.
        footage: Pieces of footage to work on at once.
    """

    cpus: int
    gpus: float = 0.0
    footage: int = 1

    def __str__(self) -> str:
        return f"{self.cpus} cores" + (f" and {self.gpus:g} graphics cards" if self.gpus else "")

    def fits(self, resources: dict[str, float]) -> int:
        """How many workers have room in this much."""
        by_cpu = int(resources.get("CPU", 0)) // self.cpus
        return by_cpu if not self.gpus else min(by_cpu, int(resources.get("GPU", 0) / self.gpus + 1e-6))


class RemoteWorker:
    """Lives in a process of its own on one of the machines; works in one thread of it for each piece of footage.

    Nothing is opened before the first call, so that what is wrong there is raised to whoever calls.
    """

    def __init__(self, open_worker: OpenWorker) -> None:
        self._open_worker = open_worker
        self._stop = threading.Event()
        self._stack = ExitStack()
        self._opened: Worker | None = None
        self._opening = threading.Lock()

    def ready(self) -> None:
        """Open database and media folder."""
        self._worker()

    def work(self, waiting: Waiting, *, fresh: bool) -> FootageReport | None:
        """Claim footage and work on it; what comes of it is in the database then.

        Args:
            waiting: The footage.
            fresh: It is not to be claimed if a worker died on it.

        Returns:
            None if it was given back, or could not be claimed.
        """
        worker = self._worker()
        claimed = worker.claim([waiting.footage_id], fresh=fresh)
        return None if claimed is None else worker.work(claimed, waiting)

    def stop(self) -> None:
        """Give back what is in hand."""
        self._stop.set()

    def _worker(self) -> Worker:
        with self._opening:
            if self._opened is None:
                self._opened = self._stack.enter_context(self._open_worker(self._stop))
            return self._opened


@dataclass(frozen=True, slots=True, eq=False)
class _Member:
    actor: Any
    in_hand: InHand[Any]


class Crew:
    """Workers for one run; all are let go when its `with` block ends.

    Ray starts a worker again that died, elsewhere if its machine is gone, and gives it the same footage again; whatever
    the first one had stored counts, and the database counts the deaths. Where the machines that are left have no room
    for all, the next worker that has nothing in hand is let go, and one that waits to be started again takes its place.

    Args:
        open_worker: Opens a worker.
        share: What each of them needs.
    """

    def __init__(self, open_worker: OpenWorker, share: Share) -> None:
        self._ray = import_ray()
        calls = share.footage + 1  # work, and stop
        actor = self._ray.remote(max_restarts=-1, max_task_retries=-1, max_concurrency=calls)(RemoteWorker)
        self._actor = actor.options(num_cpus=share.cpus, num_gpus=share.gpus)
        self._open_worker, self._share = open_worker, share
        self._starting: dict[Any, Any] = {}
        self._members: list[_Member] = []

    @property
    def in_hand(self) -> set[int]:
        """The numbers of the footage that is in work."""
        return {footage_id for member in self._members for footage_id in member.in_hand}

    def places(self) -> int:
        """How many workers have room on the machines that are there now."""
        return sum(self._share.fits(node["Resources"]) for node in self._ray.nodes() if node["Alive"])

    def fit(self, wanted: int) -> None:
        """Start workers, or let some go, for so much footage that waits."""
        places, size = self.places(), len(self._starting) + len(self._members)
        idle = [member for member in self._members if not member.in_hand]
        for _ in range(min(places - size, wanted - len(self._starting) - len(idle))):
            actor = self._actor.remote(self._open_worker)
            self._starting[actor.ready.options(max_task_retries=START_RETRIES).remote()] = actor
        too_many = idle[: max(size - places, 0)]
        self._let_go(member.actor for member in too_many)
        self._members = [member for member in self._members if member not in too_many]

    def give(self, waiting: Waiting, *, alone: bool) -> bool:
        """Give footage to the worker that has least in hand; whether there is one with room for it.

        Args:
            waiting: The footage.
            alone: It must have a worker to itself.
        """
        able = [member for member in self._members if member.in_hand.has_room(alone=alone)]
        if not able:
            return False
        member = min(able, key=lambda member: len(member.in_hand))
        member.in_hand.take(waiting.footage_id, member.actor.work.remote(waiting, fresh=not alone), alone=alone)
        return True

    def finished(self, seconds: float) -> Iterator[tuple[int, FootageReport | None]]:
        """Wait until something happens, but no longer than this; gives what was finished, or could not be claimed.

        Raises:
            SurveilError: A worker cannot be started, or cannot go on for a reason that is not its footage's.
        """
        called = [*self._starting, *(work for member in self._members for work in member.in_hand.values())]
        if not called:
            time.sleep(seconds)
            return
        if not self._ray.wait(called, timeout=seconds)[0]:
            return
        done = set(self._ray.wait(called, num_returns=len(called), timeout=0)[0])
        for started in done & self._starting.keys():
            actor = self._starting.pop(started)
            self._result(started)
            self._members.append(_Member(actor, InHand(self._share.footage)))
        for member in self._members:
            for footage_id in [footage_id for footage_id, work in member.in_hand.items() if work in done]:
                yield footage_id, self._result(member.in_hand.pop(footage_id))

    def stop(self) -> Iterator[tuple[int, FootageReport | None]]:
        """Have everybody give back what is in hand; gives what became of it."""
        for member in self._members:
            if member.in_hand:
                member.actor.stop.remote()
        self._let_go(self._starting.values())
        self._starting.clear()
        deadline = time.monotonic() + LEAVING_SECONDS
        while self.in_hand and (left := deadline - time.monotonic()) > 0:
            try:
                yield from self.finished(left)
            except Exception as failed:  # the others are waited for all the same
                log.warning("a worker did not stop in order: %s", failed)

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            for footage_id, _ in self.stop():
                log.info("footage %d is given back", footage_id)
        finally:
            self._let_go(member.actor for member in self._members)

    def _let_go(self, actors: Iterable[Any]) -> None:
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
