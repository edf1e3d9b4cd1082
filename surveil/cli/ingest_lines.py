"""Lines about footage that was ingested, and about what the watched searches found in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from surveil.cli.progress import ProgressLine

if TYPE_CHECKING:
    from surveil.app import Archive, FootageReport, WatchResult
    from surveil.types import Source


def follow(
    found: Iterable[FootageReport], archive: Archive, line: ProgressLine
) -> Iterator[tuple[FootageReport, list[WatchResult]]]:
    """Tell of each piece when it is finished, and of what the watched searches find in it; gives both.

    What they find in footage of processes that died before they were run comes with the first piece, and with each that
    is done.
    """
    for number, report in enumerate(found):
        line.say(_report_line(report), over=_step(report))
        news = list(archive.watched(report.path)) if report.state == "done" else []
        if report.state == "done" or number == 0:
            news += archive.watched()
        for one in news:
            line.say(_news_line(one))
        yield report, news


def show(line: ProgressLine, source: Source, done: float) -> None:
    """Show which footage is worked on, and how much of it is done."""
    line.step(_step(source), done)


def _step(footage: Source | FootageReport) -> str:
    return f"{footage.path.name} ({footage.camera})"


def _news_line(news: WatchResult) -> str:
    """What a watched search found in a piece of footage."""
    if news.result is None:
        return f"watched: {news.name} cannot be answered: {news.error}"
    sightings = ", ".join(str(match.sighting) for match in news.result.matches)
    untold = f"; not told: {news.webhook_error}" if news.webhook_error else ""
    return f"watched: {news.name} was found in {news.footage}: sightings {sightings}{untold}"


def _report_line(report: FootageReport) -> str:
    """What became of a piece of footage."""
    if report.state == "failed":
        return f"failed: {report.error}"
    if report.state == "known":
        return f"skipped: {report.path} ({report.remark})"
    if report.state != "done":
        return f"{report.state}: {report.path} ({report.remark})"
    return f"done: {report.path}, camera {report.camera}: {report.sightings} people in {report.seconds:.1f} s"
