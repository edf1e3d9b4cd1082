"""`make bench-engines`: what Ray costs for each piece of footage, and what a second worker brings.

Each run is a process of its own on a database of its own. Processor seconds are those of the process and of all that it
starts; what Ray's own processes take is told apart from what the workers take.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil

import surveil
from surveil.offline import cores

PIECES = (20, 220)
"""Pieces of footage of one small picture each: next to no work, so that what the additional ones cost is overhead."""
COPIES = 4
CLIP = Path(__file__).parents[1] / "sample_data" / "footage" / "hall_20260914-081830.mp4"
SAMPLE_SECONDS = 0.1


class Processors:
    """Processor seconds of the processes under this one, while its `with` block runs: workers, and Ray itself."""

    def __init__(self) -> None:
        self._seconds: dict[int, tuple[bool, float]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Processors:
        self._own = time.process_time()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self.own = time.process_time() - self._own
        self.workers = sum(seconds for is_worker, seconds in self._seconds.values() if is_worker)
        self.ray = sum(seconds for is_worker, seconds in self._seconds.values() if not is_worker)

    def _watch(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            for child in psutil.Process().children(recursive=True):
                try:
                    times, name = child.cpu_times(), " ".join(child.cmdline())
                except psutil.Error:
                    continue
                was_worker, _ = self._seconds.get(child.pid, (False, 0.0))
                self._seconds[child.pid] = was_worker or "RemoteWorker" in name, times.user + times.system


def main() -> None:
    """Measure in turns and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--run", nargs=4, metavar=("ENGINE", "SHARE", "CORES", "FOLDER"), help="one run in this process"
    )
    arguments = parser.parse_args()
    if arguments.run:
        engine, share, used, folder = arguments.run
        _run(engine, int(share), int(used), Path(folder))
        return
    every = cores()
    alone, side_by_side = [("local", every, every), ("ray", every, every)], [("ray", 1, 1), ("ray", 1, every)]
    with tempfile.TemporaryDirectory(prefix="surveil-bench-engines-") as name:
        for folder in [
            *(_small(Path(name) / f"crops-{count}", count) for count in PIECES),
            _clips(Path(name) / "clips"),
        ]:
            print(f"{len(list(folder.iterdir()))} {folder.name.partition('-')[0]}", flush=True)
            for run in alone if folder.name != "clips" else alone + side_by_side:
                given = [*map(str, run), str(folder)]
                psutil.Popen([sys.executable, "-m", "tools.bench_engines", "--run", *given]).wait()


def _run(engine: str, share: int, used: int, folder: Path) -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:used])
    with tempfile.TemporaryDirectory(prefix="surveil-bench-engines-") as name, Processors() as processors:
        settings: dict[str, Any] = {"device": "cpu", "engine": engine, "ray_worker_cpus": share}
        with surveil.open(f"sqlite:///{name}/surveil.db", **settings) as archive:
            begun = time.perf_counter()
            moments = [time.perf_counter() for report in archive.ingest([folder]) if report.state == "done"]
    if len(moments) != len(list(folder.iterdir())):
        raise AssertionError(f"{len(moments)} pieces were done")
    workers = cores() // share if engine == "ray" else 1
    print(
        f"  {engine:5} {workers} x {share} cores: {moments[-1] - begun:5.0f} s by the clock, first done after"
        f" {moments[0] - begun:.0f} s; CPU s: {processors.own:.1f} here, {processors.workers:.1f} workers,"
        f" {processors.ray:.1f} Ray",
        flush=True,
    )


def _small(folder: Path, count: int) -> Path:
    """A folder of crops in which each picture has a camera of its own."""
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(1, count + 1):
        picture = random.integers(0, 256, (8, 4, 3), np.uint8)
        cv2.imwrite(str(folder / f"0002_c{number}s1_000451_03.jpg"), cv2.resize(picture, (64, 128)))
    return folder


def _clips(folder: Path) -> Path:
    """Copies of a clip that differ in an empty box at their ends."""
    folder.mkdir()
    for number in range(COPIES):
        box = (8 + number + 1).to_bytes(4, "big") + b"free" + bytes(number + 1)
        (folder / f"cam{number}.mp4").write_bytes(CLIP.read_bytes() + box)
    return folder


if __name__ == "__main__":
    main()
