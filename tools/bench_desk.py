"""`make bench-desk`: how long the desk takes to answer on the demo's database, and what its pages weigh."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import httpx

import surveil
from surveil.accounts.permissions import Role
from tools.served_desk import served

DEMO = Path("demo")
ROUNDS = 25
ROLE: Role = "investigator"


def main() -> None:
    """Ask for each page several times over one connection, as a browser does."""
    with tempfile.TemporaryDirectory() as folder, served(DEMO, Path(folder)) as desk:
        with surveil.open(desk.database) as archive:
            picture = archive.hand_in(Path(archive.search(limit=1).matches[0].crop or "").read_bytes())
        cookies = {"surveil": desk.cookies[ROLE]}
        print(f"{'page':<32} {'ms (median)':>12} {'ms (best)':>10} {'kB':>6}")
        with httpx.Client(base_url=desk.address, cookies=cookies, timeout=60) as client:
            for name, address in pages(picture).items():
                took, size = ask(client, address)
                print(f"{name:<32} {statistics.median(took):>12.0f} {min(took):>10.0f} {size / 1000:>6.1f}")
            for name in ("desk.css", "desk.js", "htmx.min.js"):
                print(f"{name:<32} {'':>12} {'':>10} {len(client.get(f'/static/{name}').content) / 1000:>6.1f}")


def pages(picture: str) -> dict[str, str]:
    """What is asked for, by what it is called."""
    return {
        "search by attributes": "/search?q=woman%2C+red+top",
        "search by an example picture": f"/search?like={picture}",
        "search like a sighting": "/search?like=sighting%3A1",
        "sighting": "/sightings/1",
        "identities": "/identities",
        "identity": "/identities/1",
        "footage": "/footage",
        "counts": "/counts",
        "watchlists": "/watchlists",
        "cases": "/cases",
    }


def ask(client: httpx.Client, address: str) -> tuple[list[float], int]:
    """Milliseconds of each answer after the first, and the size of one in bytes."""
    size = len(client.get(address).raise_for_status().content)
    took = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        client.get(address)
        took.append(1000 * (time.perf_counter() - begin))
    return took, size


if __name__ == "__main__":
    main()
