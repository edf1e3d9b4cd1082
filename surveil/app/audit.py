"""The audit of an archive: `archive.audit`."""

from __future__ import annotations

import json

from surveil.app.results.audit import AuditBreak, AuditEntry, AuditPage, AuditVerified
from surveil.audit import chain
from surveil.audit.verify import breaks, parse_head
from surveil.store.audit_tables import AuditRecord
from surveil.store.session import Database

MAX_BREAKS = 100


class Audit:
    """What was done with one database, by whom and why. It is written by `Archive.acting`.

    Args:
        database: Where it is.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(
        self, *, limit: int = 100, before: int | None = None, actor: str | None = None, action: str | None = None
    ) -> AuditPage:
        """The newest records; `before` is `AuditPage.next_before` of the page before.

        Args:
            limit: How many at most.
            before: Only those with lower numbers.
            actor: Only those of somebody.
            action: Only those of an action.
        """
        with self._database.session() as session:
            rows = chain.newest(session, limit=limit + 1, before=before, actor=actor, action=action)
            more = len(rows) > limit
            records = tuple(_entry(row) for row in rows[:limit])
            return AuditPage(
                records=records, head=str(chain.head(session)), next_before=records[-1].number if more else None
            )

    def verify(self, noted: str | None = None) -> AuditVerified:
        """Whether the chain is whole.

        Args:
            noted: A head ("COUNT:HASH") that was noted elsewhere: only with one is it found that somebody who may
                write to the database made all of it anew, or cut off its end together with the head.

        Raises:
            SurveilError: `noted` is no head.
        """
        expected = parse_head(noted) if noted is not None else None
        with self._database.session() as session:
            head = chain.head(session)
            found = []
            for broken in breaks(session, expected):
                found.append(AuditBreak(number=broken.number, what=broken.what))
                if len(found) == MAX_BREAKS:
                    break
        return AuditVerified(records=head.count, head=str(head), breaks=tuple(found))


def _entry(row: AuditRecord) -> AuditEntry:
    return AuditEntry(
        number=row.number,
        made_at=row.made_at,
        actor=row.actor,
        action=row.action,
        reason=row.reason,
        what=json.loads(row.what),
        hash=row.hash,
    )
