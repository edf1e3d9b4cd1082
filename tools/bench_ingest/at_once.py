"""Several pieces of footage at once: the whole chain beside bare forward passes of the same numbers of pictures."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surveil.cli.output import write_table
from surveil.model.embed import AppearanceModel
from surveil.people.detect import PersonDetector
from surveil.runtimes import Runtime
from surveil.runtimes.gathering import Gathering
from surveil.types import Floats, FootageReport
from tools.bench_ingest.bench import Bench, Taken, timed
from tools.bench_ingest.clips import copies

COLUMNS = (
    "at once",
    "pieces",
    "sightings",
    "frames a pass",
    "crops a pass",
    "bare frames/s",
    "bare crops/s",
    "chain frames/s",
    "chain crops/s",
    "bare s",
    "chain s",
    "bare / chain",
    "chain CPU s",
)


class _Recorded:
    """A runtime that notes what each pass is given."""

    def __init__(self, runtime: Runtime) -> None:
        self.name, self._runtime = runtime.name, runtime
        self.passes: list[NDArray[Any]] = []

    def __call__(self, inputs: NDArray[Any]) -> tuple[Floats, ...]:
        self.passes.append(np.broadcast_to(inputs.dtype.type(0), inputs.shape))  # its shape, in no memory
        return self._runtime(inputs)

    def bare(self) -> Taken:
        """What the same passes take with nothing beside them."""
        given = {(one.shape, one.dtype): np.ascontiguousarray(one) for one in self.passes}
        for inputs in given.values():
            self._runtime(inputs)  # whatever is compiled for a shape is there
        return timed(lambda: [self._runtime(given[one.shape, one.dtype]) for one in self.passes])[1]

    @property
    def inputs(self) -> int:
        return sum(map(len, self.passes))

    @property
    def mean(self) -> float:
        return self.inputs / max(len(self.passes), 1)


def measure(bench: Bench, footage: list[Path], count: int, rounds: int, numbers: Sequence[int]) -> None:
    """Print a line for each number of pieces at once; all are run in turns, and the best round of each counts.

    Args:
        bench: The networks.
        footage: Those that are MP4 are taken `count` times each.
        count: See there.
        rounds: Times that everything is run.
        numbers: Of pieces at once.
    """
    best: dict[int, tuple[float, list[str]]] = {}
    with tempfile.TemporaryDirectory(prefix="surveil-bench-at-once-") as folder:
        pieces = [piece for path in footage for piece in _copies(path, count, Path(folder))]
        bench.ingest(footage)  # whatever is compiled for a size is there
        for _ in range(rounds):
            for at_once in numbers:
                line = _line(bench, pieces, at_once)
                best[at_once] = min(best.get(at_once, line), line)
    write_table(COLUMNS, [cells for _, cells in best.values()], right=COLUMNS)


def _copies(path: Path, count: int, folder: Path) -> list[Path]:
    if path.suffix != ".mp4":
        return [path]
    return copies(Path(shutil.copyfile(path, folder / path.name)), count)


def _line(bench: Bench, footage: list[Path], at_once: int) -> tuple[float, list[str]]:
    """Seconds of the chain, and its line."""
    with _recorded(bench.detector, at_once) as detecting, _recorded(bench.model, at_once) as describing:
        reports, whole = bench.ingest(footage, footage_at_once=at_once)
        looked, described = detecting.bare(), describing.bare()
    return whole.clock, _cells(at_once, reports, (detecting, looked), (describing, described), whole)


def _cells(
    at_once: int,
    reports: list[FootageReport],
    frames: tuple[_Recorded, Taken],
    crops: tuple[_Recorded, Taken],
    whole: Taken,
) -> list[str]:
    (detecting, looked), (describing, described) = frames, crops
    bare = looked.clock + described.clock
    return [
        str(at_once),
        str(len(reports)),
        str(sum(report.sightings for report in reports)),
        f"{detecting.mean:.1f}",
        f"{describing.mean:.1f}",
        f"{detecting.inputs / looked.clock:.1f}",
        f"{describing.inputs / described.clock:.1f}",
        f"{detecting.inputs / whole.clock:.1f}",
        f"{describing.inputs / whole.clock:.1f}",
        f"{bare:.1f}",
        f"{whole.clock:.1f}",
        f"{bare / whole.clock:.2f}",
        f"{whole.cpu:.1f}",
    ]


@contextmanager
def _recorded(network: PersonDetector | AppearanceModel, at_once: int) -> Iterator[_Recorded]:
    """The passes of a network while the block runs, joined as an ingest joins them."""
    runtime = network.runtime
    recorded = _Recorded(runtime)
    network.runtime = Gathering(recorded) if at_once > 1 else recorded
    try:
        yield recorded
    finally:
        network.runtime = runtime
