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
from tools.many_people import Ids, many_people


def pairwise(groups: Ids, people: Ids) -> tuple[float, float]:
    """Precision and recall of "these two show one person"; pairs are counted by size, so that a million is quick."""

    def pairs(labels: Ids) -> int:
        sizes = np.unique(labels, return_counts=True)[1]
        return int((sizes * (sizes - 1) // 2).sum())

    both = pairs(groups * (int(people.max()) + 1) + people)
    return both / max(1, pairs(groups)), both / max(1, pairs(people))


@click.command()
@click.argument("data", type=click.Path(path_type=Path, exists=True))
@click.option("--sightings", multiple=True, default=(10_000, 100_000), show_default=True)
def main(data: Path, sightings: tuple[int, ...]) -> None:
    """Group made-up sightings like those of Market-1501's training people, in DATA, and print a line per number."""
    crops = load_split(data, "train")
    model = AppearanceModel.load()
    features, attributes = model.parts(list(crops.images))
    embeddings = model.embeddings(features, attributes)
    rows = []
    for count in sightings:
        made, people = many_people(embeddings, crops.ids, count)
        vectors = made.astype(np.float16)
        del made
        began, worked = time.perf_counter(), time.process_time()
        groups = group_sightings(vectors, model.card.cluster_threshold, Constraints.none(count))
        passed, worked = time.perf_counter() - began, time.process_time() - worked
        precision, recall = pairwise(groups, people)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        rows.append(
            [
                f"{count}",
                f"{passed:.0f}",
                f"{worked:.0f}",
                f"{peak:.1f}",
                f"{precision:.3f}",
                f"{recall:.3f}",
            ]
        )
    columns = ("sightings", "seconds", "CPU seconds", "peak GiB", "precision", "recall")
    write_table(columns, rows, right=columns)


if __name__ == "__main__":
    main()
