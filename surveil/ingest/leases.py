"""Who works on which footage: leases in the footage table, so that any number of workers can share a database.

A worker claims waiting footage, renews its lease while it works, and loses it when it dies: at once where it can be
seen that the process is gone (same machine), else when the lease runs out. Leases go by the database's clock.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType

from sqlalchemy import ColumnElement, and_, case, or_, select, update
from sqlalchemy.orm import Session

from surveil.errors import StoreError
from surveil.store.clock import database_now
from surveil.store.register import MAX_ATTEMPTS
from surveil.store.session import Database
from surveil.store.tables import Footage

LEASE_SECONDS = 120.0
CLAIM_BATCH_SIZE = 500
"""Pieces of footage that one statement chooses from."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claim:
    """Footage that is ours now, and how many workers died on it since it last got on."""

    footage_id: int
    attempts: int


def new_owner() -> str:
    """A name for a worker that no other worker has, and that tells where to look whether its process lives."""
    return f"{_machine()} {os.getpid()} {_start_of(os.getpid())} {secrets.token_hex(4)}"


def claim_next(database: Database, footage_ids: Sequence[int], owner: str, *, fresh: bool = False) -> Claim | None:
    """Become the one who works on the next of these pieces of footage that waits; of several workers, one gets it.

    Footage whose worker is gone waits too, after the rest, and each worker that died on it counts as an attempt.
    Footage on which `MAX_ATTEMPTS` workers died is given up instead: it is marked as failed.

    Args:
        database: Where the footage is.
        footage_ids: What to choose from; the first ones go first.
        owner: Who wants it.
        fresh: Leave out footage on which a worker died.

    Returns:
        None if none of them waits.
    """
    for first in range(0, len(footage_ids), CLAIM_BATCH_SIZE):
        ids = footage_ids[first : first + CLAIM_BATCH_SIZE]
        with database.session() as session:
            claimed = _claim_one(session, ids, owner, fresh=fresh)
        if claimed is not None:
            return claimed
    return None


def _claim_one(session: Session, ids: Sequence[int], owner: str, *, fresh: bool) -> Claim | None:
    left = _left(session, ids)
    if not fresh:
        _give_up(session, ids, left)
    waits = and_(Footage.state == "waiting", Footage.attempts == 0) if fresh else or_(Footage.state == "waiting", left)
    died = case((Footage.state == "working", 1), else_=0)
    order = case({key: place for place, key in enumerate(ids)}, value=Footage.id)
    first = (
        select(Footage.id)
        .where(Footage.id.in_(ids), waits)
        .order_by(Footage.attempts + died, order)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taken = {
        "state": "working",
        "error": None,
        "attempts": Footage.attempts + died,
        "lease_owner": owner,
        "lease_until": _lease_end(session),
    }
    statement = update(Footage).where(Footage.id == first).values(taken).returning(Footage.id, Footage.attempts)
    row = session.execute(statement, execution_options={"synchronize_session": False}).first()
    return None if row is None else Claim(*row)


def _left(session: Session, ids: Sequence[int]) -> ColumnElement[bool]:
    """The condition that footage was left by its worker: the lease ran out, or the process is seen to be gone."""
    working = and_(Footage.id.in_(ids), Footage.state == "working")
    holders = session.scalars(select(Footage.lease_owner).where(working).distinct())
    gone = [holder for holder in holders if holder is not None and is_dead(holder)]
    lapsed = or_(
        Footage.lease_owner.is_(None),
        Footage.lease_owner.in_(gone),
        Footage.lease_until.is_(None),
        Footage.lease_until < database_now(session),
    )
    return and_(Footage.state == "working", lapsed)


def _give_up(session: Session, ids: Sequence[int], left: ColumnElement[bool]) -> None:
    error = f"its worker died {MAX_ATTEMPTS} times. To try it again all the same: surveil ingest --again"
    given_up = {"state": "failed", "error": error, "attempts": MAX_ATTEMPTS, "lease_owner": None, "lease_until": None}
    session.execute(
        update(Footage).where(Footage.id.in_(ids), left, Footage.attempts >= MAX_ATTEMPTS - 1).values(given_up),
        execution_options={"synchronize_session": False},
    )


def release(database: Database, footage_id: int, owner: str) -> None:
    """Give footage back unfinished, which is no attempt; nothing happens if the lease was lost."""
    ours = update(Footage).where(Footage.id == footage_id, Footage.lease_owner == owner, Footage.state == "working")
    with database.session() as session:
        session.execute(ours.values({"state": "waiting", "lease_owner": None, "lease_until": None}))


def renew(database: Database, footage_id: int, owner: str) -> bool:
    """Prolong a lease; False if another worker has taken the footage over."""
    with database.session() as session:
        renewed = (
            update(Footage)
            .where(Footage.id == footage_id, Footage.lease_owner == owner)
            .values(lease_until=_lease_end(session))
            .returning(Footage.id)
        )
        return session.execute(renewed).first() is not None


class Heartbeat:
    """Renews a lease in the background while its `with` block runs.

    Args:
        database: Where the lease is.
        footage_id: What is worked on.
        owner: Who holds it.
        every: Seconds between renewals.

    Attributes:
        lost: Whether another worker was found to have taken the footage over.
    """

    def __init__(self, database: Database, footage_id: int, owner: str, *, every: float = LEASE_SECONDS / 4) -> None:
        self.lost = False
        self._database, self._footage_id, self._owner, self._every = database, footage_id, owner, every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self.lost and not self._stop.wait(self._every):
            try:
                self.lost = not renew(self._database, self._footage_id, self._owner)
            except StoreError as error:  # a database that is busy or restarting may be back before the lease runs out
                log.warning("lease not renewed: %s", error)


def _lease_end(session: Session) -> datetime:
    return database_now(session) + timedelta(seconds=LEASE_SECONDS)


def is_stale(footage: Footage, now: datetime) -> bool:
    """Whether footage is marked as being worked on, but its worker is gone.

    Args:
        footage: Its row.
        now: The time by the database's clock.
    """
    if footage.state != "working":
        return False
    owner, until = footage.lease_owner, footage.lease_until
    return owner is None or until is None or until < now or is_dead(owner)


def is_dead(owner: str) -> bool:
    """Whether the process of an owner is known to have ended."""
    match owner.split():
        case [machine, pid, start, _] if machine == _machine() and pid.isdigit():
            return not _exists(int(pid)) or _start_of(int(pid)) not in (start, None)
    return False


def _machine() -> str:
    """What the process numbers of this process count in: one boot of one machine, one container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink().name}"
    except OSError:  # not Linux: no worker can be seen to be dead, so its lease has to run out
        return f"unknown-{secrets.token_hex(8)}"


def _exists(pid: int) -> bool:
    """Whether there is a process of that number; one of another user counts, also where it is hidden in /proc."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def _start_of(pid: int) -> str | None:
    """When a process started, in ticks since the machine did; None if that cannot be told, "ended" for a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = state.rpartition(")")[2].split()  # the name before may hold spaces
    return "ended" if fields[0] in "ZX" else fields[19]
