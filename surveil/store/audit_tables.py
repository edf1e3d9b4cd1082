"""The tables of the audit. Triggers keep both from being changed other than by appending."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from surveil.store.tables import Base, Key


class AuditRecord(Base):
    """Who did what, when, and why. `number` counts from 1 without a gap; `what` is canonical JSON, as it was hashed.

    `hash` is the SHA-256 of all the other columns, the hash of the record before among them.
    """

    __tablename__ = "audit_record"
    number: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    made_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(200), index=True)
    action: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(Text)
    what: Mapped[str] = mapped_column(Text)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """How many records there are, and the hash of the last; one row, which every writer holds while it appends."""

    __tablename__ = "audit_head"
    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    count: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))
