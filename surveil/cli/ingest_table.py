"""How `surveil ingest` prints its reports: a table with a row per footage and the totals, and remarks."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from surveil.app.wording import warnings_in_words
from surveil.types import FootageReport, FrameCounts

COLUMNS = (
    "footage",
    "camera",
    "state",
    "decoded",
    "processed",
    "sampled out",
    "gated",
    "unreadable",
    "people",
    "seconds",
    "x real time",
)
NUMBERS = COLUMNS[3:]
CSV_COLUMNS = (
    "path",
    "camera",
    "state",
    "kind",
    *(f"frames.{field.name}" for field in dataclasses.fields(FrameCounts)),
    "sightings",
    "short_tracks",
    "not_people",
    "duration",
    "seconds",
    "warnings",
    "remark",
    "error",
)
STATES = ("done", "failed", "known", "busy", "stopped")


def table(reports: Sequence[FootageReport]) -> list[list[str]]:
    """Rows under `COLUMNS`: one per footage, and the totals where there is more than one."""
    rows = [[report.path.name, report.camera, report.state, *_numbers(report)] for report in reports]
    if len(reports) > 1:
        rows.append(["total", "", states(reports), *_numbers(total(reports))])
    return rows


def csv_rows(reports: Sequence[FootageReport]) -> Iterator[dict[str, Any]]:
    """What goes under `CSV_COLUMNS`: one row per footage; warnings in words."""
    for report in reports:
        yield dataclasses.asdict(report) | {"warnings": "; ".join(warnings_in_words(report.warnings))}


def states(reports: Sequence[FootageReport]) -> str:
    """How many ended in each state, leaving out those there is none of."""
    counts = Counter[str](report.state for report in reports)
    return ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])


def total(reports: Sequence[FootageReport]) -> FootageReport:
    """The sums over all footage, in a report of its own."""
    summed = {
        field.name: sum(getattr(report.frames, field.name) for report in reports)
        for field in dataclasses.fields(FrameCounts)
    }
    whole = FootageReport(reports[0].path, "", "done", FrameCounts(**summed))
    if any(report.kind == "crops" for report in reports):
        whole.kind = "crops"
    for name in ("sightings", "seconds", "duration", "short_tracks", "not_people"):
        setattr(whole, name, sum(getattr(report, name) for report in reports))
    return whole


def remarks(reports: Sequence[FootageReport]) -> list[str]:
    """Lines on what the numbers do not say: warnings, errors, tracks too short to count."""
    lines = []
    for report in reports:
        said = [*([report.remark] if report.remark else []), *warnings_in_words(report.warnings)]
        lines += [f"{report.path.name}: {line}" for line in said]
        if report.short_tracks:
            lines.append(
                f"{report.path.name}: {report.short_tracks} tracks too short or too poor to describe were dropped"
            )
        if report.error is not None:
            lines.append(f"failed: {report.error}")
    return lines


def _numbers(report: FootageReport) -> list[str]:
    frames = report.frames
    counts = (frames.decoded, frames.processed, frames.sampled_out, frames.gated, frames.unreadable, report.sightings)
    timed = report.kind == "video" and report.seconds and report.duration
    factor = f"{report.duration / report.seconds:.1f}" if timed else ""
    return [*(str(count) for count in counts), f"{report.seconds:.1f}", factor]
