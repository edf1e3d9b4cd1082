"""The report's own protocol, whole: describe the crops, group them, return the nearest group.

It is run on the identities that the model's training held out, on the whole train folder and on the test folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from surveil.evaluation.market1501 import Split, load_split, split_identities
from surveil.evaluation.official import FEATURES, JOINED, describe
from surveil.evaluation.report_protocol import ClusterRetrieval, evaluate_draws, evaluate_test
from surveil.evaluation.tables import Table
from surveil.model.checkpoint import Card
from surveil.model.embed import AppearanceModel
from surveil.types import Floats

DRAWS = 5
_SPLITS: tuple[Literal["train", "query", "gallery"], ...] = ("train", "query", "gallery")
VALIDATION, TRAIN, TEST = "validation", "train", "test"
PUBLISHED = {VALIDATION: 0.813, TRAIN: 0.708}
"""What the report states, mAP."""


@dataclass(frozen=True, slots=True)
class ReportResult:
    """What one model reaches, by the pictures that were grouped.

    `VALIDATION` is missing where the card does not tell which identities the training held out.
    """

    card: Card
    found: Mapping[str, list[ClusterRetrieval]]

    def summary(self) -> dict[str, object]:
        """For JSON: figures from 0 to 1. The headline, as the report's, is the last row of the first part; "grouped" is
        that part's name, `TRAIN` where `VALIDATION` is missing.
        """
        parts = {name: [asdict(row) for row in found] for name, found in self.found.items()}
        part, rows = next(iter(self.found.items()))
        return {
            "protocol": "report",
            "model": self.card.name,
            "model_sha256": self.card.sha256,
            "reid": {"mAP": rows[-1].mean_average_precision, "grouped": part, "parts": parts},
            "attributes": None,
        }


def evaluate_report(
    folder: Path, model: AppearanceModel, progress: Callable[[str, int, int], None] = lambda *_: None
) -> ReportResult:
    """Run the protocol on the train and the test folder of a dataset.

    Args:
        folder: As `load_split` takes it.
        model: What describes the crops.
        progress: Called with what is counted, how many are done and how many there are.

    Raises:
        DatasetError: The folder's layout or pictures are not the dataset's.
    """
    splits = {name: load_split(folder, name) for name in _SPLITS}
    parts = {
        name: _vectors(model, split, partial(_count, progress, name, len(split))) for name, split in splits.items()
    }
    ids = splits["train"].ids
    held_out = held_out_images(ids, model.card)
    steps = 2 if held_out is None else 3
    found = {}
    if held_out is not None:
        vectors = {kind: whole[held_out] for kind, whole in parts["train"].items()}
        found[VALIDATION] = evaluate_draws(vectors, ids[held_out], draws=DRAWS)
        progress("grouping", 1, steps)
    found[TRAIN] = evaluate_draws(parts["train"], ids, draws=1)
    progress("grouping", steps - 1, steps)
    found[TEST] = evaluate_test(parts["query"], splits["query"].ids, parts["gallery"], splits["gallery"].ids)
    progress("grouping", steps, steps)
    return ReportResult(model.card, found)


def _vectors(model: AppearanceModel, split: Split, progress: Callable[[int], None]) -> dict[str, Floats]:
    described = describe(model, split, progress)
    return {kind: described[kind] for kind in (FEATURES, JOINED)}


def _count(progress: Callable[[str, int, int], None], name: str, total: int, done: int) -> None:
    progress(name, done, total)


def held_out_images(ids: NDArray[np.int64], card: Card) -> NDArray[np.bool_] | None:
    """(N,) which images of the train folder show identities that a checkpoint never learned from; None if untold."""
    split = held_out_split(card)
    return None if split is None else split_identities(ids, *split)


def held_out_split(card: Card) -> tuple[float, int] | None:
    """The share and the seed by which `split_identities` chose whom a checkpoint never learned from; None if untold."""
    data = card.training.get("recipe", {}).get("data", {})
    if "validation_share" not in data or "split_seed" not in data:
        return None
    return data["validation_share"], data["split_seed"]


def report_table(result: ReportResult) -> Table:
    """One row per part of the dataset, clustering and kind of vector, as the report's ablation goes."""
    rows = [
        (
            f"{part}, {row.method}, {row.vectors}",
            f"{row.people}",
            f"{row.gallery}",
            f"{100 * row.mean_average_precision:.1f}",
            f"{100 * row.spread:.1f}" if row.draws > 1 else "",
            f"{100 * row.ranked_mean_average_precision:.1f}",
        )
        for part, found in result.found.items()
        for row in found
    ]
    untold = "" if VALIDATION in result.found else "The card does not tell which identities were held out.\n"
    stated = " and ".join(f"{100 * figure:.1f} on {part}" for part, figure in PUBLISHED.items())
    return Table(
        "Re-identification, the report's protocol (%); not comparable with the official one",
        ("grouped", "people", "gallery", "mAP", "spread", "all groups"),
        tuple(rows),
        f"{untold}mAP: the nearest group is the answer, as in the report, which states {stated}.\n"
        "The model has learned from the people of train, except from those of validation.\n"
        f"Spread: standard deviation over {DRAWS} draws of queries. All groups: mAP when the others follow.",
    )
