"""The cases of an archive: `archive.cases`; and packages of evidence."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from surveil.app.evidence import exhibits_of
from surveil.app.results.cases import (
    CaseDetail,
    CaseEntry,
    CaseList,
    CaseSummary,
    EvidenceExport,
)
from surveil.app.stopping import telling
from surveil.evidence import cases
from surveil.evidence.package import write_package
from surveil.evidence.signing import fingerprint, signing_key
from surveil.settings import data_folder
from surveil.store.case_tables import CaseFolder, CaseItem

if TYPE_CHECKING:
    from surveil.app.archive.base import ArchiveBase


class Cases:
    """What investigations gather in one archive. Who asks has been checked by then; see `Archive.acting`.

    Args:
        archive: The archive.
    """

    def __init__(self, archive: ArchiveBase) -> None:
        self._archive, self._database = archive, archive.database

    def list(self) -> CaseList:
        """The cases by name."""
        with self._database.session() as session:
            return CaseList(cases=tuple(_summary(case, items) for case, items in cases.list_cases(session)))

    def show(self, name: str) -> CaseDetail:
        """A case with what is in it.

        Raises:
            QueryError: There is none of that name.
        """
        with self._database.session() as session:
            case = cases.find_case(session, name)
            entries = tuple(_entry(item) for item in cases.items_of(session, case))
            return CaseDetail(**_summary(case, len(entries)).model_dump(), entries=entries)

    def new(self, name: str, actor: str) -> CaseSummary:
        """Open a case.

        Args:
            name: How it is called.
            actor: Who opens it.

        Raises:
            QueryError: The name is none, or taken.
        """
        with self._database.session() as session:
            return _summary(cases.new_case(session, name, actor), 0)

    def add_sighting(self, name: str, sighting: int, actor: str, *, note: str | None = None) -> CaseEntry:
        """Put a sighting into a case, with the footage around it.

        Raises:
            QueryError: The case or the sighting is not there, or the case is closed.
        """
        with self._database.session() as session:
            return _entry(cases.add_sighting(session, name, sighting, actor, note))

    def add_clip(
        self, name: str, footage: int, begin: float, end: float, actor: str, *, note: str | None = None
    ) -> CaseEntry:
        """Put a stretch of footage, in seconds from its first frame, into a case.

        Raises:
            QueryError: The case or the footage is not there, the case is closed, or the stretch is none of the footage.
        """
        with self._database.session() as session:
            return _entry(cases.add_clip(session, name, footage, begin, end, actor, note))

    def remove(self, name: str, item: int) -> None:
        """Take an item out of a case.

        Raises:
            QueryError: The case or the item is not there, or the case is closed.
        """
        with self._database.session() as session:
            cases.remove_item(session, name, item)

    def close(self, name: str, closed: bool = True) -> CaseSummary:
        """Close a case, which no longer keeps its footage then, or open it again.

        Raises:
            QueryError: There is no such case.
        """
        with self._database.session() as session:
            case = cases.close_case(session, name, closed)
            return _summary(case, len(cases.items_of(session, case)))

    def export(
        self,
        name: str,
        out: str | Path,
        actor: str,
        *,
        reason: str | None = None,
        blur_others: bool = False,
        progress: Callable[[float], object] | None = None,
        stop: threading.Event | None = None,
    ) -> EvidenceExport:
        """Write a case as a package of evidence, signed with the key of this user of the machine.

        Args:
            name: The case.
            out: The zip file, in place of the one that is there.
            actor: Who exports it.
            reason: Why; it stands in the report.
            blur_others: Whether everybody but the chosen people is made unrecognisable; the original footage is
                withheld then.
            progress: Told the part that is done, 0 to 1.
            stop: Ends the work when it is set; no file is left.

        Raises:
            StoppedError: It was stopped.
            QueryError: There is no such case, or nothing is in it.
            StoreError: An original is gone or changed, or the file cannot be written.
            FootageError: An original cannot be read.
            CheckpointError: The person detector cannot be loaded.
        """
        settings = self._archive.settings
        about, exhibits = exhibits_of(self._archive, name, actor, reason, blurred=blur_others)
        key = signing_key(data_folder())
        detector = self._archive.models.detector if blur_others else None
        manifest = write_package(
            Path(out),
            about,
            exhibits,
            key,
            detect=None if detector is None else lambda image: detector.detect([image])[0],
            stated_fps=settings.stated_fps,
            tell=telling(progress, stop),
            max_pixels=settings.max_pixels,
        )
        return EvidenceExport(
            path=str(out),
            case=name,
            exhibits=len(exhibits),
            blurred=blur_others,
            manifest_sha256=manifest,
            key_fingerprint=fingerprint(key.public_key()),
        )


def _summary(case: CaseFolder, items: int) -> CaseSummary:
    return CaseSummary(
        name=case.name, made_at=case.made_at, made_by=case.made_by, closed_at=case.closed_at, items=items
    )


def _entry(item: CaseItem) -> CaseEntry:
    return CaseEntry(
        item=item.id,
        footage=item.footage_id,
        path=item.footage.path,
        camera=item.footage.camera.name,
        begin=item.begin,
        end=item.end,
        sighting=item.sighting_id,
        note=item.note,
        added_at=item.added_at,
        added_by=item.added_by,
    )
