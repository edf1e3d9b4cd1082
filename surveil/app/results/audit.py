"""What an archive answers about its audit."""

from __future__ import annotations

from typing import Any

from surveil.app.base import Frozen, Time


class AuditEntry(Frozen):
    """A record of the audit."""

    number: int
    made_at: Time
    """By the database's clock."""
    actor: str
    """An account's name, or "os:NAME" for a user of the machine."""
    action: str
    reason: str | None
    what: dict[str, Any]
    """What was asked for; `failed` names a record before, of something that then failed."""
    hash: str


class AuditPage(Frozen):
    """Records of the audit, the newest first."""

    records: tuple[AuditEntry, ...]
    head: str
    """How many records there are and the last one's hash, as "COUNT:HASH": to be noted elsewhere."""
    next_before: int | None = None
    """The `before` of the next page; None where there is none."""


class AuditBreak(Frozen):
    """Where the chain of the audit is broken: at a record, or (null) at its end."""

    number: int | None
    what: str


class AuditVerified(Frozen):
    """Whether the audit is whole: then there are no breaks. At most a hundred breaks are told."""

    records: int
    head: str
    """How many records there are and the last one's hash, as "COUNT:HASH": to be noted elsewhere."""
    breaks: tuple[AuditBreak, ...]
