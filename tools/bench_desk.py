"""`make bench-desk`: how long the desk takes to answer on the demo's database, and what its pages weigh."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

import httpx

import surveil
from surveil.accounts.permissions import Role
from tools.served_desk import served

DEMO = Path("demo")
ROUNDS = 12
ROLE: Role = "investigator"


def main() -> None:
    """Ask for each page several times over one connection, as a browser does."""
    with tempfile.TemporaryDirectory() as folder, served(DEMO, Path(folder)) as desk:
        with surveil.open(desk.database) as archive:
            picture = archive.hand_in(Path(archive.search(limit=1).matches[0].crop or "").read_bytes())
        cookies = {"surveil": desk.cookies[ROLE]}
        print(f"{'page':<32} {'ms (median)':>12} {'ms of processor':>16} {'kB':>6}")
        with httpx.Client(base_url=desk.address, cookies=cookies, timeout=60) as client:
            for name, address in pages(picture).items():
                took, worked, size = ask(client, address, desk.process)
                print(f"{name:<32} {statistics.median(took):>12.0f} {worked:>16.0f} {size / 1000:>6.1f}", flush=True)
            for name in ("desk.css", "desk.js", "htmx.min.js"):
                print(f"{name:<32} {'':>12} {'':>16} {len(client.get(f'/static/{name}').content) / 1000:>6.1f}")


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


def ask(client: httpx.Client, address: str, server: int) -> tuple[list[float], float, int]:
    """Milliseconds of each answer after the first, those of the server's processor time for one, and bytes of one."""
    size = len(client.get(address).raise_for_status().content)
    took, before = [], processor_ms(server)
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        client.get(address)
        took.append(1000 * (time.perf_counter() - begin))
    return took, (processor_ms(server) - before) / ROUNDS, size


def processor_ms(process: int) -> float:
    """Milliseconds of processor time that a process has used, in all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
