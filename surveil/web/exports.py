"""Files that are exported behind a request: tables of matches, and cases as packages of evidence."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surveil.app import Archive, Match, SearchRequest
from surveil.app.wording import MATCH_COLUMNS
from surveil.errors import StoppedError
from surveil.spreadsheet import csv_text
from surveil.web.jobs import Job, JobFile

if TYPE_CHECKING:
    from surveil.web.desk import Desk

PAGE, MOST = 200, 10_000
"""Matches that are searched at a time, and the most that a table holds."""


def write_matches(desk: Desk, job: Job, request: SearchRequest) -> None:
    """Write all matches of a request, up to `MOST`, as CSV."""
    matches: list[Match] = []
    following: int | None = request.offset
    while following is not None and len(matches) < MOST:
        if job.stop.is_set():
            raise StoppedError("it was called off")
        asked = request.model_copy(update={"offset": following, "limit": PAGE, "facets": False})
        with desk.archive.seeing(job.actor):
            result = desk.search(desk.archive, asked)
        matches += result.matches
        following = result.next_offset
        job.message, job.progress = f"{len(matches)} matches", min(len(matches) / MOST, 0.99)
    rows = (match.model_dump(mode="json", exclude={"crop"}) for match in matches)
    content = tempfile.TemporaryFile()  # noqa: SIM115 it is the job's
    content.write(csv_text(rows, [name for name in MATCH_COLUMNS if name != "crop"]).encode())
    content.flush()
    job.file, job.progress = JobFile("matches.csv", "text/csv", content), 1.0


def write_case(archive: Archive, job: Job, case: str, *, reason: str | None, blur_others: bool) -> Any:
    """Write a case as a package of evidence; gives what was written, without its place."""

    def tell(part: float) -> None:
        job.message, job.progress = case, min(part, 0.99)

    with tempfile.TemporaryDirectory(prefix="surveil-export-") as folder, archive.seeing(job.actor):
        path = Path(folder) / "evidence.zip"
        written = archive.cases.export(
            case, path, job.actor.name, reason=reason, blur_others=blur_others, progress=tell, stop=job.stop
        )
        content = path.open("rb")  # stays open, without a name
    job.file, job.progress = JobFile("evidence.zip", "application/zip", content), 1.0
    return written.model_dump(mode="json", exclude={"path"})
