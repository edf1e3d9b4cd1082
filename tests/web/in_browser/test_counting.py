"""The page of counts shows the figures of the library, in the table, the chart and the CSV."""

import csv
import io
from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

import surveil


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_the_figures_are_those_of_the_library(visit, sample_desk, zone):
    page = visit("investigator")
    page.goto(f"/counts?zone={zone}")
    with surveil.open(sample_desk.database) as archive:
        counts = archive.counts(archive.request(), zone=zone).counts
    newest = max(one.hour.astimezone(ZoneInfo(zone)).date() for one in counts)
    people: Counter[tuple[str, int]] = Counter()
    for one in counts:
        if one.hour.date() == newest:
            people[one.camera, one.hour.hour] += one.people
    assert sum(people.values()) > 10
    rows = page.locator(".heat tbody tr").all()
    shown = {
        (row.locator("th").inner_text(), hour): int(cell.inner_text())
        for row in rows
        for hour, cell in enumerate(row.locator("td").all())
        if cell.inner_text().strip()
    }
    assert shown == people
    hours = Counter[int]()
    for (_, hour), count in people.items():
        hours[hour] += count
    assert [int(text) for text in page.locator(".column-count").all_text_contents()] == [
        hours[hour] for hour in sorted(hours)
    ]
    expect(page.locator(".lead")).to_contain_text(f"{sum(people.values())} people")
    table = list(csv.DictReader(io.StringIO(page.request.get(f"/counts.csv?zone={zone}").text())))
    assert [(row["camera"], datetime.fromisoformat(row["hour"]), int(row["people"])) for row in table] == [
        (one.camera, one.hour, one.people) for one in counts
    ]
