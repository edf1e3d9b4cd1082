"""Who works on which footage: leases in the footage table, so that any number of workers can share a database.

A worker claims footage, renews its lease while it works, and loses it when it dies: at once where it can be seen that
the process is gone (same machine), else when the lease runs out. Clocks of the workers may differ by less than that.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from sqlalchemy import and_, or_, select, update

from surveil.errors import StoreError
from surveil.store.session import Database
from surveil.store.tables import Footage

LEASE_SECONDS = 120.0
MAX_ATTEMPTS = 3
"""So many workers may die on a piece of footage before it is taken for their cause of death."""

Claim = Literal["ours", "busy", "done", "failed"]
log = logging.getLogger(__name__)


def new_owner() -> str:
    """A name for a worker that no other worker has, and that tells where to look whether its process lives."""
    return f"{_machine()} {os.getpid()} {_start_of(os.getpid())} {secrets.token_hex(4)}"


def claim(database: Database, footage_id: int, owner: str) -> Claim:
    """Try to become the one who works on a piece of footage; of several who try at once, one succeeds.

    Footage that failed is tried again. Footage on which `MAX_ATTEMPTS` workers died is marked failed instead of being
    claimed.

    Returns:
        "ours"; "busy" when another worker holds it; "done" when there is nothing left to do; "failed" when it was
        given up just now.
    """
    now = datetime.now(UTC)
    with database.session() as session:

        def change(values: dict[str, Any], *conditions: Any) -> bool:
            statement = update(Footage).where(Footage.id == footage_id, *conditions).values(values)
            found = session.execute(statement.returning(Footage.id), execution_options={"synchronize_session": False})
            return found.first() is not None

        holder = session.scalars(select(Footage.lease_owner).where(Footage.id == footage_id)).one()
        gone = [Footage.lease_owner == holder] if holder is not None and _is_dead(holder) else []
        left = and_(
            Footage.state == "working", or_(Footage.lease_owner.is_(None), Footage.lease_until < now, *gone)
        )  # fmt: skip
        if change(_leased(owner) | {"attempts": 1}, Footage.state == "failed"):
            return "ours"
        attempt = _leased(owner) | {"attempts": Footage.attempts + 1}
        if change(attempt, or_(Footage.state == "waiting", left), Footage.attempts < MAX_ATTEMPTS):
            return "ours"
        given_up = {"state": "failed", "error": f"its worker died {MAX_ATTEMPTS} times"}
        if change(given_up | {"lease_owner": None, "lease_until": None}, left, Footage.attempts >= MAX_ATTEMPTS):
            return "failed"
        state = session.scalars(select(Footage.state).where(Footage.id == footage_id)).one()
    return "done" if state == "done" else "busy"


def is_ours(database: Database, footage_id: int, owner: str) -> bool:
    """Whether the lease is still held by this owner."""
    with database.session() as session:
        held = select(Footage.id).where(Footage.id == footage_id, Footage.lease_owner == owner)
        return session.scalars(held).first() is not None


def release(database: Database, footage_id: int, owner: str) -> None:
    """Give footage back unfinished, as if the attempt had not been; nothing happens if the lease was lost."""
    given_back = {"state": "waiting", "progress": 0.0, "lease_owner": None, "lease_until": None}
    ours = update(Footage).where(Footage.id == footage_id, Footage.lease_owner == owner)
    with database.session() as session:
        session.execute(ours.values(given_back | {"attempts": Footage.attempts - 1}))


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


def renew(database: Database, footage_id: int, owner: str) -> bool:
    """Prolong a lease; False if another worker has taken the footage over."""
    with database.session() as session:
        renewed = (
            update(Footage)
            .where(Footage.id == footage_id, Footage.lease_owner == owner)
            .values(lease_until=_lease_end())
            .returning(Footage.id)
        )
        return session.execute(renewed).first() is not None


def _leased(owner: str) -> dict[str, Any]:
    return {
        "state": "working", "error": None, "progress": 0.0, "lease_owner": owner, "lease_until": _lease_end(),
    }  # fmt: skip


def _lease_end() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=LEASE_SECONDS)


def _machine() -> str:
    """What the process numbers of this process count in: one boot of one machine, one container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink().name}"
    except OSError:  # not Linux: no worker can be seen to be dead, so its lease has to run out
        return f"unknown-{secrets.token_hex(8)}"


def _start_of(pid: int) -> str | None:
    """When a process started, in ticks since the machine did; None if there is no such process."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = state.rpartition(")")[2].split()  # the name before may hold spaces
    return None if fields[0] in "ZX" else fields[19]


def _is_dead(owner: str) -> bool:
    """Whether the process of an owner is known to have ended."""
    match owner.split():
        case [machine, pid, start, _] if machine == _machine() and pid.isdigit():
            return _start_of(int(pid)) != start
    return False
