"""`make bench-desk`: how long the desk takes to answer, and what its pages weigh.

On the demo's database, or with `--sightings` on one of so many, made of noisy copies of what is seen in the demo's.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import httpx
import numpy as np

import surveil
from surveil.accounts.permissions import Role
from surveil.cli.output import write_table
from tools.bench_archive import make_archive
from tools.served_desk import Served, served, serving

DEMO = Path("demo")
ROUNDS = 12
ROLE: Role = "admin"
COLUMNS = ("page or route", "p50 ms", "p95 ms", "p50 CPU ms", "p95 CPU ms", "kB")
Call = tuple[str, str, Any]
"""Method, address, and what is sent as JSON."""


@click.command()
@click.option("--sightings", type=int, help="Measure on a made-up archive of so many; usual: on the demo's.")
@click.option("--folder", type=click.Path(path_type=Path), help="Keep that archive here, or use the one that is.")
@click.option("--rounds", default=ROUNDS, show_default=True, help="How often each is asked, besides the first time.")
@click.option("--only", default="", help="Only what has this in its name.")
def main(sightings: int | None, folder: Path | None, rounds: int, only: str) -> None:
    """Ask for each page and for the main routes of the API several times over one connection, as browsers do."""
    rows = []
    with (
        tempfile.TemporaryDirectory(prefix="surveil-bench-") as scratch,
        _desk(sightings, folder or Path(scratch)) as desk,
        _client(desk) as client,
    ):
        for name, call in calls(desk).items():
            if only in name:
                rows.append([name, *ask(client, call, desk.process, rounds)])
                print(*rows[-1], sep="  ", flush=True)
        for name in ("desk.css", "desk.js", "htmx.min.js"):
            rows.append([name, "", "", "", "", f"{len(client.get(f'/static/{name}').content) / 1000:.1f}"])
    print()
    write_table(COLUMNS, rows, right=COLUMNS[1:])


@contextmanager
def _desk(sightings: int | None, folder: Path) -> Iterator[Served]:
    if sightings is None:
        with served(DEMO, folder) as desk:
            yield desk
        return
    file = folder / f"{sightings}.db"
    folder.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        make_archive(f"sqlite:///{DEMO}/surveil.db", f"sqlite:///{file}", sightings)
    with serving(f"sqlite:///{file}", folder) as desk:
        yield desk


def _client(desk: Served) -> httpx.Client:
    return httpx.Client(base_url=desk.address, cookies={"surveil": desk.cookies[ROLE]}, timeout=600)


def calls(desk: Served) -> dict[str, Call]:
    """What is asked for, by what it is called."""
    with surveil.open(f"sqlite:///{DEMO}/surveil.db") as archive:
        crop = Path(archive.search(limit=1).matches[0].crop or "").read_bytes()
    with surveil.open(desk.database) as archive:
        picture = archive.hand_in(crop)
        camera = archive.cameras().cameras[0].camera
        day = archive.sighting(1).match.first_seen
        token = archive.accounts.make_token(ROLE, "bench", ["search", "see", "audit", "ingest", "save"], days=1).secret
    pages = {
        "search, everybody": "/search",
        "search by attributes": "/search?q=woman%2C+red+top",
        "search by attributes, one camera": f"/search?q=woman%2C+red+top&camera={camera}",
        "search, one day": f"/search?after={day:%Y-%m-%d}T00:00&before={day:%Y-%m-%d}T23:59",
        "search by an example picture": f"/search?like={picture}",
        "search like a sighting": "/search?like=sighting%3A1",
        "search, by camera visit": "/search?q=woman%2C+red+top&group=visit",
        "more matches": "/search/more?q=woman%2C+red+top&offset=24",
        "sighting": "/sightings/1",
        "identities": "/identities",
        "identity": "/identities/1",
        "footage": "/footage",
        "counts": "/counts",
        "counts, one camera": f"/counts?camera={camera}",
        "counts as CSV": "/counts.csv",
        "watchlists": "/watchlists",
        "cases": "/cases",
        "audit": "/audit",
        "audit of one user": "/audit?by=investigator&action=search",
        "audit, verified": "/audit?verify=true",
        "accounts": "/accounts",
    }
    routes = {
        "search": ("POST", "search", {"text": "woman, red top"}),
        "search with facets": ("POST", "search", {"text": "woman, red top", "facets": True}),
        "search like": ("POST", "search", {"like": ["sighting:1"]}),
        "sighting": ("GET", "sightings/1", None),
        "identities": ("GET", "identities", None),
        "identity": ("GET", "identities/1", None),
        "decisions": ("GET", "decisions", None),
        "footage": ("GET", "footage", None),
        "cameras": ("GET", "cameras", None),
        "counts": ("GET", "counts", None),
        "clusterings": ("GET", "clusterings", None),
        "saved searches": ("GET", "saved-searches", None),
        "audit": ("GET", "audit", None),
    }
    api = {f"API {name}": (method, f"/api/v1/{path}", sent) for name, (method, path, sent) in routes.items()}
    return {name: ("GET", address, None) for name, address in pages.items()} | {
        name: (method, address, (token, sent)) for name, (method, address, sent) in api.items()
    } | {"/metrics": ("GET", "/metrics", None), "/readyz": ("GET", "/readyz", None)}  # fmt: skip


def ask(client: httpx.Client, call: Call, server: int, rounds: int) -> list[str]:
    """p50 and p95 of the milliseconds by the clock and of the server's processors for an answer, and its size in kB.

    The first answer is not counted.
    """
    size = len(_answer(client, call))
    spent = []
    for _ in range(rounds):
        begun, used = time.perf_counter(), processor_ms(server)
        _answer(client, call)
        spent.append((1000 * (time.perf_counter() - begun), processor_ms(server) - used))
    quantiles = np.quantile(np.array(spent), (0.5, 0.95), axis=0)
    return [*(f"{value:.0f}" for value in quantiles.T.ravel()), f"{size / 1000:.1f}"]


def _answer(client: httpx.Client, call: Call) -> bytes:
    method, address, more = call
    headers, content = {}, None
    if more is not None:
        token, sent = more
        headers = {"Authorization": f"Bearer {token}"} | ({"Content-Type": "application/json"} if sent else {})
        content = json.dumps(sent).encode() if sent else None
    answer = client.request(method, address, headers=headers, content=content)
    return answer.raise_for_status().content


def processor_ms(process: int) -> float:
    """Milliseconds of processor time that a process has used, in all threads that it has."""
    threads = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e6


if __name__ == "__main__":
    main()
