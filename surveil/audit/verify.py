"""Is the chain whole? Finds records that were changed, removed, inserted, moved, or cut off at the end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveil.audit.chain import START, ChainHead, hash_of, head
from surveil.errors import SurveilError
from surveil.store.audit_tables import AuditRecord

BLOCK = 1000
_HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain is broken, and how it shows; `number` is that of the record, None at the end."""

    number: int | None
    what: str


def parse_head(text: str) -> ChainHead:
    """The head that somebody noted.

    Raises:
        SurveilError: It is none.
    """
    found = _HEAD.fullmatch(text.strip())
    if not found:
        raise SurveilError("not the head of an audit", repr(text), "Write it as `surveil audit verify` printed it.")
    return ChainHead(int(found[1]), found[2])


def breaks(session: Session, noted: ChainHead | None = None) -> Iterator[Break]:
    """Every place where the chain is broken; records that are appended meanwhile are no break.

    Args:
        session: A session.
        noted: A head that was noted elsewhere, and must be in the chain.
    """
    expected = head(session)
    number, previous = 0, START
    rows = select(AuditRecord).where(AuditRecord.number <= expected.count).order_by(AuditRecord.number)
    for record in session.scalars(rows.execution_options(yield_per=BLOCK)):
        if record.number != number + 1:
            yield Break(record.number, f"{_records(number + 1, record.number - 1)} not there")
        if record.previous_hash != previous:
            yield Break(record.number, "it does not follow the record before")
        if record.hash != hash_of(record):
            yield Break(record.number, "its content is not what its hash was made of")
        if noted and record.number == noted.count and record.hash != noted.hash:
            yield Break(record.number, "its hash is not the one that was noted")
        number, previous = record.number, record.hash
        session.expunge(record)
    if number < expected.count:
        yield Break(None, f"{_records(number + 1, expected.count)} cut off")
    elif previous != expected.hash:
        yield Break(None, "the last record is not the one that the head names")
    last = session.scalar(select(func.max(AuditRecord.number))) or 0
    if last > head(session).count:
        yield Break(last, "it was added without the head")
    if noted and noted.count > expected.count:
        yield Break(None, f"{_records(expected.count + 1, noted.count)} cut off: the head that was noted has them")


def _records(first: int, last: int) -> str:
    return f"record {first} is" if first == last else f"records {first} to {last} are"
