"""Lines about footage that was ingested, and about what the watched searches found in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from surveil.app import FootageReport, WatchResult


def news_line(news: WatchResult, path: Path) -> str:
    """What a watched search found in a piece of footage."""
    if news.result is None:
        return f"watched: {news.name} cannot be answered: {news.error}"
    sightings = ", ".join(str(match.sighting) for match in news.result.matches)
    return f"watched: {news.name} was found in {path}: sightings {sightings}"


def report_line(report: FootageReport) -> str:
    """What became of a piece of footage."""
    if report.state == "failed":
        return f"failed: {report.error}"
    if report.state == "known":
        return f"skipped: {report.path} ({report.remark})"
    if report.state != "done":
        return f"{report.state}: {report.path} ({report.remark})"
    return f"done: {report.path}, camera {report.camera}: {report.sightings} people in {report.seconds:.1f} s"
