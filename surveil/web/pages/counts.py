"""People per camera and hour: a heat table, a chart, and CSV."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter
from fastapi.responses import Response

from surveil.app import Counts
from surveil.errors import StoreError
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
    """The counts of the newest day, or of those asked for."""
    zone = view.request.query_params.get("zone") or _zone(view)
    counted = _counted(view, zone)
    days = sorted({count.hour.date() for count in counted.counts}, reverse=True)
    asked = view.request.query_params.get("day")
    day = next((one for one in days if one.isoformat() == asked), days[0] if days else None)
    shown = Counts(zone=zone, counts=tuple(one for one in counted.counts if one.hour.date() == day))
    return view.page(
        "counts.html", day=day, days=days[:MAX_DAYS], rows=_rows(shown), columns=_columns(shown), zone=zone,
        most=max((cell.people for cells in _rows(shown).values() for cell in cells), default=0),
        total=sum(one.people for one in shown.counts), sightings=sum(one.sightings for one in shown.counts),
    )  # fmt: skip


@router.get("/counts.csv")
def as_csv(view: Export) -> Response:
    """All counts as a table for spreadsheets."""
    with view.acting("export", {"counts": "all"}):
        counted = _counted(view, view.request.query_params.get("zone") or _zone(view))
    text = csv_text((one.model_dump(mode="json") for one in counted.counts), ("camera", "hour", "sightings", "people"))
    return Response(
        text, media_type="text/csv", headers={"Content-Disposition": 'attachment; filename="counts.csv"'}
    )  # fmt: skip


def _zone(view: View) -> str:
    """The zone of the cameras, if they all stand in one."""
    zones = {camera.zone for camera in view.archive.cameras().cameras}
    return zones.pop() if len(zones) == 1 else "UTC"


def _counted(view: View, zone: str) -> Counts:
    pairs = [(name, value) for name, value in view.request.query_params.multi_items() if name not in ("zone", "day")]
    request = read_request(view.archive, pairs)
    try:
        with view.acting("see", {"counts": "all"} if not pairs else request):
            return view.archive.counts(request, zone=zone)
    except StoreError:
        if view.archive.status().footage:
            raise
        return Counts(zone=zone, counts=())  # nothing was ingested yet


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
