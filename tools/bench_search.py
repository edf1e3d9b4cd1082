"""`make bench-search`: how long searches take at 10,000, 100,000 and 1,000,000 sightings, and what memory they need."""

from __future__ import annotations

import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import click
import numpy as np
from sqlalchemy import func, select

from surveil.attributes import OUTPUT_NAMES
from surveil.cli.output import write_table
from surveil.search.filters import Filters, candidates
from surveil.search.rank import Example, Query, search
from surveil.store.models import ModelRef, model_in_use
from surveil.store.session import Database
from surveil.store.tables import Description, Embedding, Model, SightingRow
from surveil.types import Appearance
from tools.bench_data import DAYS, START, fill

SAMPLE = Path(__file__).parents[1] / "sample_data" / "footage"
REPEATS = 15
COLUMNS = ("sightings", "search", "cold ms", "p50 ms", "p95 ms", "p50 CPU ms", "recall@10", "recall@100", "resident GB")
ATTRIBUTES = {"gender": ("female",), "upper_colour": ("red",), "backpack": ("yes",)}


@click.command()
@click.option("--sizes", default="10000,100000,1000000", show_default=True, help="Sightings, separated by commas.")
@click.option("--folder", type=click.Path(path_type=Path), help="Keep the databases here, and use those that are.")
def main(sizes: str, folder: Path | None) -> None:
    """Measure searches in SQLite databases of noisy copies of what is seen in the sample footage."""
    with tempfile.TemporaryDirectory() as scratch:
        place = folder or Path(scratch)
        place.mkdir(parents=True, exist_ok=True)
        rows = []
        for size in (int(number) for number in sizes.split(",")):
            file = place / f"{size}.db"
            if not file.exists():
                looks, model = _descriptions(place / "sample.db")
                with Database.open(f"sqlite:///{file}") as database:
                    fill(database, looks, model, size)
            # A process of its own, so that its memory is that of one archive.
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                rows += pool.apply(measure, (f"sqlite:///{file}",))
        write_table(COLUMNS, rows, right=COLUMNS[2:])


def _descriptions(file: Path) -> tuple[list[Appearance], ModelRef]:
    """What the model says of everybody in the sample footage."""
    url = f"sqlite:///{file}"
    if not file.exists():
        command = [str(Path(sys.executable).with_name("surveil")), "--database", url, "ingest", str(SAMPLE)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with Database.open(url, create=False) as database, database.session() as session:
        model = session.scalars(select(Model).where(Model.in_use)).one()
        same = (Embedding.sighting_id == Description.sighting_id) & (Embedding.model_id == Description.model_id)
        said = session.execute(select(Description, Embedding.vector).join(Embedding, same)).all()
        looks = [
            Appearance(np.array([getattr(row, name) for name in OUTPUT_NAMES], np.float32), vector.astype(np.float32))
            for row, vector in said
        ]
        return looks, ModelRef(model.name, model.sha256, model.card)


def measure(url: str) -> list[list[str]]:
    """The rows of the table for one database: cold is the first search of a process, or the first that has the copy."""
    rows = []
    with Database.open(url, create=False) as database:
        with database.session() as session:
            model = model_in_use(session)
            count = session.scalar(select(func.count()).select_from(SightingRow)) or 0
        ids, matrix = database.vectors.load(np.arange(1, count + 1, max(1, count // 10_000)), model.id)
        queries = matrix[np.random.default_rng(1).choice(len(ids), REPEATS + 1)]
        del matrix
        one, ten = (Filters(after=START + timedelta(days=DAYS * (1 - share))) for share in (0.01, 0.1))
        searches: dict[str, Callable[[int], Query]] = {
            "attributes": lambda _: Query(Filters(attributes=ATTRIBUTES)),
            "one attribute": lambda _: Query(Filters(attributes={"hat": ("yes",)})),
            "example, 1 %": lambda i: Query(one, Example(queries[i], model.sha256)),
            "example, 10 %": lambda i: Query(ten, Example(queries[i], model.sha256)),
            "example": lambda i: Query(Filters(), Example(queries[i], model.sha256)),
            "example, 1 %, copy": lambda i: Query(one, Example(queries[i], model.sha256)),
            "example, 10 %, copy": lambda i: Query(ten, Example(queries[i], model.sha256)),
        }
        for name, query in searches.items():
            spent = [_milliseconds(partial(search, database, query(i))) for i in range(REPEATS + 1)]
            times, cpu = [each[0] for each in spent], float(np.median([each[1] for each in spent[1:]]))
            recalls = [_recall(database, query(0), limit) for limit in (10, 100)] if "example" in name else ["", ""]
            resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
            timed = [times[0], float(np.median(times[1:])), float(np.quantile(times[1:], 0.95)), cpu]
            rows.append([f"{count:,}", name, *(f"{each:.1f}" for each in timed), *recalls, f"{resident:.2f}"])
    return rows


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
