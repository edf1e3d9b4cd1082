"""Footage that a scan gave and that still has to be done, and what is reported of footage that needs no work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from surveil.errors import FootageError
from surveil.files import path_text
from surveil.ingest.scan import Known, Scanned, Waiting
from surveil.store.scanned import StoredFootage, stored_footage
from surveil.store.session import Database
from surveil.types import FootageReport, Source


class Backlog:
    """What waits, each content once, however many files hold it.

    Attributes:
        waiting: The footage by its number, in the order in which it came.
    """

    def __init__(self) -> None:
        self.waiting: dict[int, Waiting] = {}
        self._copies: dict[int, list[Source]] = defaultdict(list)

    def add(self, item: Scanned) -> FootageReport | None:
        """Take what a scan gave; its report, if it needs no work."""
        if not isinstance(item, Waiting):
            return _report_of(item)
        if self.waiting.setdefault(item.footage_id, item) is not item:
            self._copies[item.footage_id].append(item.source)
        return None

    def settle(self, footage_id: int, report: FootageReport) -> Iterator[FootageReport]:
        """Footage waits no longer; gives its report, and those of other files with the same content."""
        del self.waiting[footage_id]
        yield report
        yield from (_copy_of(report, copy) for copy in self._copies.pop(footage_id, ()))

    def settled_elsewhere(self, database: Database, footage_ids: Sequence[int]) -> list[FootageReport]:
        """Reports of footage that other workers have finished with meanwhile; it waits no longer.

        Args:
            database: Where it is seen.
            footage_ids: What of all that waits is looked up: not what is in work here.
        """
        stored = stored_footage(database, footage_ids)
        reports: list[FootageReport] = []
        for footage_id in footage_ids:
            footage = stored.get(footage_id)
            if footage is None or footage.state not in ("waiting", "working"):
                sources = [self.waiting.pop(footage_id).source, *self._copies.pop(footage_id, ())]
                reports += [_settled(source, footage) for source in sources]
        return reports

    def left(self, database: Database) -> Iterator[FootageReport]:
        """Reports of what still waits when the work is stopped."""
        stored = stored_footage(database, list(self.waiting))
        for footage_id, item in list(self.waiting.items()):
            footage = stored.get(footage_id)
            if footage is not None and footage.state == "working":
                report = _report(item.source, "busy", remark="another worker is at it")
            else:
                stopped = "stopped before it was done; the next run goes on with it"
                report = _report(item.source, "stopped", remark=stopped)
            yield from self.settle(footage_id, report)


def _report(source: Source, state: Any, **values: Any) -> FootageReport:
    return FootageReport(source.path, source.camera, state, kind=source.kind, **values)


def _report_of(item: Known | FootageError) -> FootageReport:
    """The report of something that needs no work."""
    match item:
        case Known(found, remark):
            return FootageReport(found.path, found.camera, "known", kind=found.kind, remark=remark)
        case FootageError():
            return FootageReport(_path_of(item), "", "failed", error=str(item))


def _copy_of(report: FootageReport, source: Source) -> FootageReport:
    """The report of another file with the same content."""
    if report.state == "done":
        return _report(source, "known", remark=f"the same content as {report.path}")
    return _report(source, report.state, error=report.error, remark=report.remark)


def _settled(source: Source, footage: StoredFootage | None) -> FootageReport:
    if footage is None:
        return _report(source, "failed", error=f"{source.path}: it was forgotten while it waited")
    if footage.state == "done" and footage.path == path_text(source.path):
        return _report(source, "known", remark="another worker has ingested it meanwhile")
    if footage.state == "done":
        return _report(source, "known", remark=footage.remark(source.path, None))
    return _report(source, "failed", error=f"{source.path}: {footage.error}")


def _path_of(error: FootageError) -> Path:
    return Path(error.where) if error.where is not None else Path()
