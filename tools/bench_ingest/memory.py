"""Memory over a long film: sample footage with somebody always in view, repeated for hours."""

from __future__ import annotations

import resource
import tempfile
from pathlib import Path

from surveil.cli.output import write_table
from surveil.types import Source
from tools.bench_ingest.bench import Bench
from tools.bench_ingest.clips import repeated

FPS = 0.5
"""Frames of a second that are looked at; all are decoded."""
LINES = 12
COLUMNS = ("minutes of footage", "resident MB")


def measure(bench: Bench, footage: list[Path], hours: float) -> None:
    """Print the memory that the process has, after every twelfth of the film, and the most it ever had."""
    marks: list[tuple[float, int]] = []

    def progress(_: Source, done: float) -> None:
        if done >= (len(marks) + 1) / LINES:
            marks.append((done, resident()))
            print(f"{60 * hours * done:.0f} minutes: {resident() / 2**20:.0f} MB", flush=True)

    with tempfile.TemporaryDirectory(prefix="surveil-bench-memory-") as folder, bench.archive(fps=FPS) as archive:
        film = repeated(footage[0], 3600 * hours, Path(folder) / "film.mp4")
        [report] = archive.ingest([film], progress=progress)
    write_table(COLUMNS, [[f"{60 * hours * done:.0f}", f"{size / 2**20:.0f}"] for done, size in marks], right=COLUMNS)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{film.name} of {report.duration / 3600:.2f} h, made of {footage[0].name}: {report.frames}, "
        f"{report.sightings} sightings, {report.state}; at most {most:.0f} MB"
    )


def resident() -> int:
    """Bytes of memory that this process has now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()
