"""Work that takes longer than a request: it goes on behind it, tells how far it is, and can be called off."""

from __future__ import annotations

import itertools
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO, Literal

from surveil.accounts.permissions import Actor
from surveil.errors import ConflictError, QueryError, StoppedError, SurveilError

Kind = Literal["ingest", "cluster", "export"]
State = Literal["waiting", "running", "done", "failed", "cancelled"]
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")
KEPT = 100
"""So many jobs are remembered, until the server stops."""
FILE_SECONDS = 3600.0
"""For so long a file that was exported can be fetched."""
BLOCK_BYTES = 2**20
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JobFile:
    """A file that a job made. It has no name on the disk any more: it is gone when nobody holds it, whatever happens.

    Attributes:
        name: What a browser calls it.
        kind: Its type.
        content: The open file.
        made_at: When, by the monotonic clock.
    """

    name: str
    kind: str
    content: BinaryIO
    made_at: float = field(default_factory=time.monotonic)

    @property
    def size(self) -> int:
        """In bytes."""
        return os.fstat(self.content.fileno()).st_size

    def blocks(self) -> Iterator[bytes]:
        """The content; several may read at once."""
        place = 0
        while block := os.pread(self.content.fileno(), BLOCK_BYTES, place):
            place += len(block)
            yield block


@dataclass(slots=True)
class Job:
    """A piece of work.

    Attributes:
        number: Of this server's run.
        kind: What is done.
        actor: Who asked for it.
        made_at: When.
        state: Where it stands.
        progress: The part that is done, 0 to 1.
        message: What is worked on.
        result: What came of it, as JSON.
        file: The file that came of it.
        error: Why it failed.
        stop: Set when it is called off; whoever works looks at it.
    """

    number: int
    kind: Kind
    actor: Actor
    made_at: datetime
    state: State = "waiting"
    progress: float = 0.0
    message: str = ""
    result: Any = None
    file: JobFile | None = None
    error: str | None = None
    stop: threading.Event = field(default_factory=threading.Event)

    def is_seen_by(self, actor: Actor) -> bool:
        """Whether somebody may look at it: it is theirs, or they read the audit; and it saw no cameras but theirs."""
        is_theirs = self.actor.name == actor.name or actor.may("audit")
        if actor.cameras is None or not is_theirs:
            return is_theirs
        return self.actor.cameras is not None and self.actor.cameras <= actor.cameras


class Jobs:
    """The jobs of a server; one of a kind runs at a time, the others wait."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._jobs: dict[int, Job] = {}
        self._lock = threading.Lock()
        self._workers: dict[Kind, ThreadPoolExecutor] = {}

    def start(self, kind: Kind, actor: Actor, work: Callable[[Job], Any], message: str = "") -> Job:
        """Have some work done; what it gives is the job's result."""
        job = Job(next(self._numbers), kind, actor, datetime.now(UTC), message=message)
        with self._lock:
            self._jobs[job.number] = job
            for old in [number for number, one in self._jobs.items() if one.state in ENDED][: -KEPT or None]:
                del self._jobs[old]
            worker = self._workers.setdefault(kind, ThreadPoolExecutor(1, f"surveil-{kind}"))
        worker.submit(self._run, job, work)
        return job

    def all(self) -> list[Job]:
        """All that are remembered, the newest first."""
        self.drop_files(older_than=FILE_SECONDS)
        with self._lock:
            return list(reversed(self._jobs.values()))

    def get(self, number: int) -> Job:
        """The job of a number.

        Raises:
            QueryError: There is none.
        """
        self.drop_files(older_than=FILE_SECONDS)
        with self._lock:
            job = self._jobs.get(number)
        if job is None:
            raise QueryError(f"no job has the number {number}", next_step="Jobs are forgotten when the server stops.")
        return job

    def cancel(self, number: int) -> Job:
        """Call a job off; it ends when it next looks, and keeps what was stored until then.

        Raises:
            QueryError: There is no such job.
            ConflictError: It has ended.
        """
        job = self.get(number)
        if job.state in ENDED:
            raise ConflictError(f"it is {job.state} already", f"job {number}")
        job.stop.set()
        return job

    def drop_files(self, older_than: float = 0.0) -> None:
        """Let go of the files that were exported so many seconds ago: all of them when somebody was deleted."""
        now = time.monotonic()
        with self._lock:
            for job in self._jobs.values():
                if job.file is not None and now - job.file.made_at >= older_than:
                    job.file = None

    def close(self) -> None:
        """Call everything off and wait for it."""
        for job in self.all():
            job.stop.set()
        for worker in self._workers.values():
            worker.shutdown(wait=True, cancel_futures=True)

    def _run(self, job: Job, work: Callable[[Job], Any]) -> None:
        if job.stop.is_set():
            job.state = "cancelled"
            return
        job.state = "running"
        try:
            job.result = work(job)
            job.state = "cancelled" if job.stop.is_set() and job.progress < 1 else "done"
        except StoppedError:
            job.state = "cancelled"
        except SurveilError as error:
            job.error, job.state = str(error), "failed"
        except Exception:
            log.exception("job %d (%s) failed", job.number, job.kind)
            job.error, job.state = "unexpected; the server's log says what it was", "failed"
