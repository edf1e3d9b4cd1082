"""`make search-check DATA=market1501`: what searches find among Market-1501's crops, beside what the evaluator says."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import click
import numpy as np

import surveil
from surveil.app import Archive, Match
from surveil.attributes import ATTRIBUTES
from surveil.cli.output import write_table
from surveil.evaluation.metrics.clustering import ClusteringQuality, clustering_quality
from surveil.evaluation.metrics.filters import FilterFigures, Truth, filter_figures
from surveil.evaluation.metrics.reid import Ids, ReIDResult, evaluate_similarities
from surveil.evaluation.protocols.market1501 import Split, load_attributes, target_matrix
from surveil.evaluation.protocols.official import JOINED, OfficialResult, evaluate_official, load_test
from surveil.formatting import percent
from surveil.types import Floats


@dataclass(frozen=True)
class Stored:
    """The crops of a split in an archive, each of which became a sighting.

    Attributes:
        archive: Where they are searched.
        split: The crops.
        folder: Where their files lie.
    """

    archive: Archive
    split: Split
    folder: Path

    def search(self, **asked: object) -> tuple[Match, ...]:
        """Everybody among them who passes."""
        return self.archive.search(footage=[str(self.folder)], limit=len(self.split), **asked).matches

    @cached_property
    def sightings(self) -> Ids:
        """(N,) numbers of the sightings: those of one camera are stored in order of time, then of name."""
        stored: dict[str, list[int]] = {}
        for match in sorted(self.search(), key=lambda match: match.sighting):
            stored.setdefault(match.camera, []).append(match.sighting)
        split, numbers = self.split, np.zeros(len(self.split), np.int64)
        for camera, of_camera in stored.items():
            crops = np.flatnonzero([f"c{number}" == camera for number in split.cameras])
            numbers[sorted(crops, key=lambda i: (split.sequences[i], split.frames[i], split.names[i]))] = of_camera
        return numbers

    @cached_property
    def places(self) -> dict[int, int]:
        """The row of each sighting."""
        return {number: row for row, number in enumerate(self.sightings.tolist())}

    def passing(self, **asked: object) -> Truth:
        """(N,) which of them a search finds."""
        rows = [self.places[match.sighting] for match in self.search(**asked)]
        return np.isin(np.arange(len(self.split)), rows)


def store(archive: Archive, splits: dict[str, Split], folder: Path) -> list[Stored]:
    """Write the crops of splits into folders of these names, and ingest them."""
    for name, split in splits.items():
        (folder / name).mkdir()
        for file, content in zip(split.names, split.encoded, strict=True):
            (folder / name / file).write_bytes(content)
    for report in archive.ingest([folder / name for name in splits], start="2026-01-01"):
        if report.state != "done":
            sys.exit(f"{report.path} is {report.state}: {report.error}")
    return [Stored(archive, split, folder / name) for name, split in splits.items()]


def ranked(query: Stored, gallery: Stored) -> ReIDResult:
    """The official protocol by searches: everybody in the gallery is ranked for each query."""
    similarities = np.full((len(query.split), len(gallery.split)), np.nan, np.float32)
    for row, number in enumerate(query.sightings.tolist()):
        for match in gallery.search(like=[f"sighting:{number}"]):
            similarities[row, gallery.places[match.sighting]] = match.similarity
    if np.isnan(similarities).any():
        sys.exit("a search did not rank everybody")
    return evaluate_similarities(
        similarities, query.split.ids, query.split.cameras, gallery.split.ids, gallery.split.cameras
    )


def filtered(gallery: Stored, targets: Floats) -> dict[str, FilterFigures]:
    """Each value as a filter of searches, by names such as "hat yes", "only hat yes" and "not hat yes".

    Args:
        gallery: The crops; of distractors nothing is known, and they count neither way.
        targets: (K, 32) what is annotated of the others.
    """
    known = gallery.split.ids > 0
    figures = {}
    for attribute in ATTRIBUTES:
        truth = attribute.probabilities(targets) > 0.5
        for place, label in enumerate(attribute.labels):
            value = {attribute.name: [label]}
            for how, field, has in (
                ("", "attributes", truth[:, place]),
                ("only ", "only", truth[:, place]),
                ("not ", "without", ~truth[:, place]),
            ):
                passes = gallery.passing(**{field: value})[known]
                figures[f"{how}{attribute.name} {label}"] = filter_figures(passes, has)
    return figures


def grouped(gallery: Stored) -> ClusteringQuality:
    """How a clustering of the archive groups the crops of known people."""
    groups = np.zeros(len(gallery.split), np.int64)
    for match in gallery.search():
        groups[gallery.places[match.sighting]] = match.identity or -match.sighting
    known = gallery.split.ids > 0
    return clustering_quality(groups[known], gallery.split.ids[known], gallery.split.cameras[known])


@click.command()
@click.argument("data", type=click.Path(exists=True, path_type=Path))
def main(data: Path) -> None:
    """Ingest the test crops of DATA into a temporary archive, search them, and print both figures beside each other."""
    query, gallery = load_test(data)
    targets = target_matrix(gallery.ids[gallery.ids > 0], load_attributes(data, "test"))
    with (
        tempfile.TemporaryDirectory(prefix="surveil-check-") as folder,
        surveil.open(f"sqlite:///{folder}/surveil.db", search_history=0) as archive,
    ):
        queries, images = store(archive, {"query": query, "gallery": gallery}, Path(folder))
        archive.cluster()
        measured = evaluate_official(data, archive.models.appearance)
        _print_figures(measured, ranked(queries, images), grouped(images))
        _print_filters(measured, filtered(images, targets))


def _print_figures(measured: OfficialResult, searched: ReIDResult, groups: ClusteringQuality) -> None:
    reid = measured.reid[JOINED]
    rows = [
        ("Rank-1", reid.rank(1), searched.rank(1)),
        ("mAP", reid.mean_average_precision, searched.mean_average_precision),
        ("identities, pairwise F", measured.clustering.pairwise_f, groups.pairwise_f),
    ]
    _print("figure (%)", [(name, (one,), (other,)) for name, one, other in rows], ("evaluator", "archive"), 2)
    print(f"{searched.queries} queries; {len(measured.gallery)} gallery crops. The archive groups every crop, the")
    print("evaluator those of known people alone.\n")


def _print_filters(measured: OfficialResult, searched: dict[str, FilterFigures]) -> None:
    assert measured.attributes is not None
    own = measured.attributes.filters
    rows = [
        (name.replace("_", " "), (own[name].precision, own[name].recall), (one.precision, one.recall))
        for name, one in searched.items()
        if 0 < one.share < 1
    ]
    _print("filter (%)", rows, ("evaluator: precision", "recall", "archive: precision", "recall"), 1)


def _print(
    title: str,
    rows: Sequence[tuple[str, Sequence[float | None], Sequence[float | None]]],
    columns: Sequence[str],
    decimals: int,
) -> None:
    told = [
        [name, *(percent(figure, decimals, sign="") or "-" for figure in (*one, *other))] for name, one, other in rows
    ]
    write_table((title, *columns), told, right=columns)


if __name__ == "__main__":
    main()
