"""Results as tables, in per cent."""

from __future__ import annotations

from dataclasses import dataclass

from surveil.attributes import Attribute
from surveil.evaluation.attributes import AttributesResult
from surveil.evaluation.reid import ReIDResult


@dataclass(frozen=True, slots=True)
class Table:
    """A table for whoever prints it; every column but the first holds numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str


def reid_table(results: dict[str, ReIDResult]) -> Table:
    """One row per way of ranking the gallery."""
    first = next(iter(results.values()))
    figures = {"mAP": "mAP", "Rank-1": "rank1", "Rank-5": "rank5", "Rank-10": "rank10", "mINP": "mINP"}
    rows = []
    for name, result in results.items():
        summary = result.summary()
        rows.append((name, *(_percent(summary[key]) for key in figures.values())))
    return Table(
        "Re-identification, single query, official protocol (%)",
        ("ranked by", *figures),
        tuple(rows),
        f"{first.queries} queries ({first.unmatched} more had no match and are left out), "
        f"{first.gallery} gallery images without junk",
    )


def attributes_table(result: AttributesResult) -> Table:
    """One row per attribute, the constant predictor's figures in brackets beside the model's."""
    rows = [
        (
            _name(row.attribute),
            _beside(row.model.accuracy, row.constant.accuracy),
            _beside(row.model.balanced_accuracy, row.constant.balanced_accuracy),
            _percent(row.model.precision),
            _percent(row.model.recall),
            _beside(row.model.f1, row.constant.f1),
        )
        for row in result.attributes
    ]
    means = result.means()
    mean = (
        "mean",
        _beside(means["accuracy"], means["constant_accuracy"]),
        _beside(means["balanced_accuracy"], means["constant_balanced_accuracy"]),
        "",
        "",
        _beside(means["f1_binary"], means["constant_f1_binary"]),
    )
    return Table(
        "Attributes (%), in brackets the constant predictor",
        ("attribute", "accuracy", "balanced", "precision", "recall", "F1"),
        (*rows, mean),
        f"{result.images} gallery images of annotated people. The constant predictor always gives the label that is "
        "commonest among them.\nPrecision, recall and F1 are those of the label behind a name, or of yes.",
    )


def _name(attribute: Attribute) -> str:
    """The attribute and, where it is not "yes", the label that counts as positive."""
    if attribute.exclusive or attribute.labels[1] == "yes":
        return attribute.name
    return f"{attribute.name}: {attribute.labels[1]}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def _beside(model: float | None, constant: float | None) -> str:
    return "" if model is None else f"{_percent(model)} ({_percent(constant)})"
