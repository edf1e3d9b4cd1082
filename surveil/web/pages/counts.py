"""People per camera and hour: a heat table, a chart, and CSV."""

from __future__ import annotations

from collections import defaultdict
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fastapi import APIRouter
from fastapi.responses import Response

from surveil.app import Counts, SearchRequest
from surveil.errors import QueryError
from surveil.spreadsheet import csv_text
from surveil.web.access import Export, See, View
from surveil.web.links import read_request

router = APIRouter()
SHADES = 6
"""Of the heat table, from nobody (0) to most."""
MAX_DAYS = 31


@dataclass(frozen=True, slots=True)
class CountedHour:
    """An hour of a camera."""

    hour: int
    people: int
    sightings: int
    shade: int


@dataclass(frozen=True, slots=True)
class Column:
    """An hour of the chart: where its bar stands, and how high it is (0 to 100)."""

    x: int
    height: float
    text: str
    people: int


@router.get("/counts")
def counts_page(view: See) -> Response:
    """The counts of the newest day, or of the one that is asked for."""
    zone = view.request.query_params.get("zone") or _zone(view)
    request = _request(view)
    with _on_record(view, request):
        days = view.archive.days(request, zone=zone, limit=MAX_DAYS)
        day = _day(view) or (days[0] if days else None)
        shown = view.archive.counts(request, zone=zone, day=day) if day else Counts(zone=zone, counts=())
    rows = _rows(shown)
    return view.page(
        "counts.html", day=day, days=days, rows=rows, columns=_columns(shown), zone=zone,
        most=max((cell.people for cells in rows.values() for cell in cells), default=0),
        total=sum(one.people for one in shown.counts), sightings=sum(one.sightings for one in shown.counts),
    )  # fmt: skip


@router.get("/counts.csv")
def as_csv(view: Export) -> Response:
    """All counts as a table for spreadsheets."""
    request = _request(view)
    with view.acting("export", {"counts": "all"}), _on_record(view, request):
        counted = view.archive.counts(request, zone=view.request.query_params.get("zone") or _zone(view))
    text = csv_text((one.model_dump(mode="json") for one in counted.counts), ("camera", "hour", "sightings", "people"))
    return Response(
        text, media_type="text/csv", headers={"Content-Disposition": 'attachment; filename="counts.csv"'}
    )  # fmt: skip


def _day(view: View) -> date | None:
    """The day that is asked for."""
    asked = view.request.query_params.get("day")
    try:
        return date.fromisoformat(asked) if asked else None
    except ValueError as error:
        raise QueryError(f"{asked!r} is no day", "day", "Write it as 2026-09-14.") from error


def _request(view: View) -> SearchRequest:
    pairs = [(name, value) for name, value in view.request.query_params.multi_items() if name not in ("zone", "day")]
    return read_request(view.archive, pairs)


def _on_record(view: View, request: SearchRequest) -> AbstractContextManager[None]:
    return view.acting("see", request if request.model_fields_set - {"limit"} else {"counts": "all"})


def _zone(view: View) -> str:
    """The zone of the cameras, if they all stand in one."""
    return view.archive.common_zone() or "UTC"


def _rows(counts: Counts) -> dict[str, list[CountedHour]]:
    """24 hours for each camera."""
    people: dict[str, dict[int, tuple[int, int]]] = defaultdict(dict)
    for one in counts.counts:
        before = people[one.camera].get(one.hour.hour, (0, 0))  # an hour comes twice when a clock goes back
        people[one.camera][one.hour.hour] = before[0] + one.people, before[1] + one.sightings
    most = max((count for hours in people.values() for count, _ in hours.values()), default=1)
    return {
        camera: [
            CountedHour(hour, *seen, _shade(seen[0], most)) for hour in range(24) for seen in [hours.get(hour, (0, 0))]
        ]
        for camera, hours in people.items()
    }


def _shade(people: int, most: int) -> int:
    return 0 if not people else max(1, round((SHADES - 1) * people / most))


def _columns(counts: Counts) -> list[Column]:
    """One bar for each hour of the day, all cameras together."""
    sums: dict[int, int] = defaultdict(int)
    for one in counts.counts:
        sums[one.hour.hour] += one.people
    most = max(sums.values(), default=1)
    midnight = datetime(2000, 1, 1)
    return [
        Column(hour, round(100 * sums[hour] / most, 1), f"{midnight + timedelta(hours=hour):%H}", sums[hour])
        for hour in range(24)
    ]
