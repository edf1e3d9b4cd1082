"""`make bench-cluster DATA=market1501`: what clustering costs, and how good it is, on many made-up sightings."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import click
import numpy as np

from surveil.cli.output import write_table
from surveil.evaluation.protocols.market1501 import load_split
from surveil.identities.constraints import Constraints
from surveil.identities.grouping import group_sightings
from surveil.model.embed import AppearanceModel
from surveil.types import Floats
from tools.many_people import Ids, many_people


def pairwise(groups: Ids, people: Ids) -> tuple[float, float]:
    """Precision and recall of "these two show one person"; pairs are counted by size, so that a million is quick."""

    def pairs(labels: Ids) -> int:
        sizes = np.unique(labels, return_counts=True)[1]
        return int((sizes * (sizes - 1) // 2).sum())

    both = pairs(groups * (int(people.max()) + 1) + people)
    return both / max(1, pairs(groups)), both / max(1, pairs(people))


def describe(model: AppearanceModel, data: Path, cache: Path | None) -> tuple[Floats, Ids]:
    """Embeddings of Market-1501's training crops, and who they show; kept in a folder, where one is given."""
    crops = load_split(data, "train")
    kept = cache and cache / f"market1501-{model.card.sha256}.npy"
    if kept and kept.exists():
        return np.load(kept), crops.ids
    embeddings = model.embeddings(*model.parts(list(crops.images)))
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.save(kept, embeddings)
    return embeddings, crops.ids


class Progress:
    """Prints a line for every twentieth of a grouping, with what it took until then."""

    def __init__(self) -> None:
        self._began, self._worked, self._next = time.perf_counter(), time.process_time(), 0.0

    def __call__(self, part: float) -> None:
        if part >= self._next:
            passed, worked = self.took()
            click.echo(f"{part:.0%} {passed:.0f} s, {worked:.0f} CPU s, at most {peak():.1f} GiB", err=True)
            self._next = part + 0.05

    def took(self) -> tuple[float, float]:
        """Seconds by the clock and of the processor."""
        return time.perf_counter() - self._began, time.process_time() - self._worked


def peak() -> float:
    """GiB that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.option("--sightings", multiple=True, default=(10_000, 100_000), show_default=True)
@click.option("--cache", type=click.Path(path_type=Path, file_okay=False), help="Where embeddings are kept.")
def main(data: Path, sightings: tuple[int, ...], cache: Path | None) -> None:
    """Group made-up sightings like those of Market-1501's training people, in DATA, and print a line per number."""
    model = AppearanceModel.load()
    embeddings, ids = describe(model, data, cache)
    rows = []
    for count in sightings:
        made, people = many_people(embeddings, ids, count)
        vectors = made.astype(np.float16)
        del made
        progress = Progress()
        groups = group_sightings(vectors, model.card.cluster_threshold, Constraints.none(count), tell=progress)
        passed, worked = progress.took()
        precision, recall = pairwise(groups, people)
        figures = (f"{passed:.0f}", f"{worked:.0f}", f"{peak():.1f}", f"{groups.max() + 1}")
        rows.append([f"{count}", *figures, f"{precision:.3f}", f"{recall:.3f}"])
    columns = ("sightings", "seconds", "CPU seconds", "peak GiB", "groups", "precision", "recall")
    write_table(columns, rows, right=columns)


if __name__ == "__main__":
    main()
