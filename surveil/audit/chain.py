"""The chain: appending to it and reading it.

Each record carries the SHA-256 of the one before, so that none can be changed, removed, inserted or moved without
breaking all that follow. The end can still be cut off by whoever may write to the database: the head, which is how many
records there are and the last one's hash, is kept in a table of its own, and can be noted outside.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from surveil.store.audit_tables import AuditHead, AuditRecord
from surveil.store.clock import database_now

START = "0" * 64
"""What the first record carries in place of a hash before it."""
THE_ONE = 1


@dataclass(frozen=True, slots=True)
class ChainHead:
    """How many records there are, and the hash (hex) of the last. Written as "COUNT:HASH"."""

    count: int
    hash: str

    def __str__(self) -> str:
        return f"{self.count}:{self.hash}"


def append(session: Session, actor: str, action: str, what: Mapping[str, Any], reason: str | None = None) -> int:
    """Append a record; gives its number. Writers wait for each other until the session's transaction ends.

    Args:
        session: A session; the record is there when it commits.
        actor: Who.
        action: What kind of thing.
        what: The thing itself, as JSON has it. It stays for ever: nothing may be in it that must be deleted some day.
        reason: Why, as the actor says.
    """
    # A writing statement first: it makes the others wait, on SQLite too, and then the head is read as it is.
    held = update(AuditHead).where(AuditHead.id == THE_ONE).values(count=AuditHead.count)
    count, last = session.execute(held.returning(AuditHead.count, AuditHead.hash)).one()
    record = AuditRecord(
        number=count + 1,
        made_at=database_now(session),
        actor=actor,
        action=action,
        reason=reason,
        what=canonical(what),
        previous_hash=last,
    )
    record.hash = hash_of(record)
    session.add(record)
    session.flush()
    now = update(AuditHead).where(AuditHead.id == THE_ONE).values(count=record.number, hash=record.hash)
    session.execute(now, execution_options={"synchronize_session": False})
    return record.number


def head(session: Session) -> ChainHead:
    """The head of the chain, as its own table says."""
    row = session.execute(select(AuditHead.count, AuditHead.hash).where(AuditHead.id == THE_ONE)).one_or_none()
    return ChainHead(row[0], row[1]) if row else ChainHead(0, START)


def newest(
    session: Session, *, limit: int, before: int | None = None, actor: str | None = None, action: str | None = None
) -> Sequence[AuditRecord]:
    """The newest records.

    Args:
        session: A session.
        limit: How many at most.
        before: Only those with lower numbers.
        actor: Only those of somebody.
        action: Only those of an action.
    """
    rows = select(AuditRecord).order_by(AuditRecord.number.desc()).limit(limit)
    if before is not None:
        rows = rows.where(AuditRecord.number < before)
    if actor is not None:
        rows = rows.where(AuditRecord.actor == actor)
    if action is not None:
        rows = rows.where(AuditRecord.action == action)
    return session.scalars(rows).all()


def hash_of(record: AuditRecord) -> str:
    """The SHA-256 (hex) of a record's other columns as canonical JSON."""
    content = {
        "number": record.number,
        "made_at": _moment(record.made_at),
        "actor": record.actor,
        "action": record.action,
        "reason": record.reason,
        "what": record.what,
        "previous": record.previous_hash,
    }
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def canonical(content: Mapping[str, Any]) -> str:
    """JSON of which there is one form only: keys sorted, no spaces, ASCII.

    Raises:
        ValueError: A value has no such form.
    """
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _moment(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds")
