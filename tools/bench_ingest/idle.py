"""Footage in which nothing moves: frames a second that are ingested against frames a second that are only decoded."""

from __future__ import annotations

import tempfile
from pathlib import Path

import av

from surveil.cli.output import write_table
from tools.bench_ingest.bench import Bench, Taken, timed
from tools.bench_ingest.clips import copies, first_picture, repeated, still_scene

SIZES = ((640, 360), (1280, 720), (1920, 1080))
FPS, SECONDS = 25, 20
FILES = 5
"""So many of the short files come in one ingest: what a command costs once is not what a file costs."""
LONG_SECONDS = 300
"""Recorders write files of minutes; what a file costs by itself weighs less there."""
COLUMNS = (
    "still scene",
    "seconds",
    "files",
    "frames",
    "looked at",
    "decode-only fps",
    "ingest fps",
    "ratio",
    "decode-only CPU s",
    "ingest CPU s",
    "ratio in CPU",
)


def measure(bench: Bench, footage: list[Path], rounds: int) -> None:
    """Print a line for each size of picture; the scene is the first frame of the first video."""
    picture = first_picture(footage[0])
    with tempfile.TemporaryDirectory(prefix="surveil-bench-idle-") as folder:
        rows = []
        for width, height in SIZES:
            out = Path(folder) / f"{width}x{height}.mp4"
            short = still_scene(picture, width, height, fps=FPS, seconds=SECONDS, out=out)
            rows.append(_row(bench, out.stem, copies(short, FILES), rounds))
            rows.append(_row(bench, out.stem, [repeated(short, LONG_SECONDS, out.with_suffix(".mkv"))], rounds))
    write_table(COLUMNS, rows, right=COLUMNS[1:])


def _row(bench: Bench, name: str, paths: list[Path], rounds: int) -> list[str]:
    bench.detector.detect([first_picture(paths[0])])  # it is compiled for this size
    decoded: Taken | None = None
    ingested: Taken | None = None
    for _ in range(rounds):
        frames, taken = timed(lambda: sum(map(_decode, paths)))
        decoded = Taken.least(decoded, taken)
        reports, taken = bench.ingest(paths)
        ingested = Taken.least(ingested, taken)
    if decoded is None or ingested is None or sum(report.frames.decoded for report in reports) != frames:
        raise AssertionError(f"{name}: {frames} frames decoded, {reports}")
    speeds = frames / decoded.clock, frames / ingested.clock
    return [
        name,
        f"{frames // len(paths) / FPS:g}",
        str(len(paths)),
        str(frames),
        str(sum(report.frames.processed for report in reports)),
        *(f"{speed:.0f}" for speed in speeds),
        f"{speeds[1] / speeds[0]:.2f}",
        f"{decoded.cpu:.2f}",
        f"{ingested.cpu:.2f}",
        f"{decoded.cpu / ingested.cpu:.2f}",
    ]


def _decode(path: Path) -> int:
    """Decode all frames as fast as PyAV does, and do nothing with them."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        return sum(1 for _ in container.decode(stream))
