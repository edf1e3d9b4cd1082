"""What the answers of the model in use are worth, as its card says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from statistics import fmean
from typing import Any

from sqlalchemy.orm import Session

from surveil.app.results import FilterWorth, Reliability, ReliabilityList
from surveil.attributes import OUTPUT_NAMES
from surveil.search.filters import Filters
from surveil.store.models import model_in_use
from surveil.store.tables import Model

FAMILIAR, ELSEWHERE = "AUC, validation", "never learned from"
FILTERS, CURVES = ", filters", ", filters by least probability"
"""What the names of the card's tables of figures begin or end with."""


def reliability(session: Session) -> ReliabilityList:
    """The areas under the ROC curves of all outputs, where the card has them.

    Raises:
        StoreError: Nothing was ingested yet.
    """
    card = session.get_one(Model, model_in_use(session).id).card
    metrics: dict[str, dict[str, float]] = card.get("metrics", {})
    familiar = [table for name, table in metrics.items() if name.startswith(FAMILIAR)]
    elsewhere = [table for name, table in metrics.items() if name.endswith(ELSEWHERE)]
    return ReliabilityList(
        model=str(card.get("name", "")),
        limits=str(card.get("limits", "")),
        outputs=tuple(
            Reliability(output=name, familiar=_mean(familiar, name), elsewhere=_mean(elsewhere, name))
            for name in OUTPUT_NAMES
        ),
    )


def _mean(tables: Iterable[Mapping[str, float]], name: str) -> float | None:
    """Of a figure, over the tables that have it."""
    told = [table[name] for table in tables if name in table]
    return fmean(told) if told else None


def worth_of(session: Session, filters: Filters) -> tuple[tuple[FilterWorth, ...], tuple[str, ...]]:
    """What each value that is asked for is worth, where the card has it, and those of which it has nothing.

    Raises:
        StoreError: Nothing was ingested yet.
    """
    asked, only, without = (
        [f"{prefix}{name} {label}" for name, labels in values.items() for label in labels]
        for prefix, values in (("", filters.attributes), ("only ", filters.only), ("not ", filters.without))
    )
    if not (asked or only or without):
        return (), ()
    metrics = session.get_one(Model, model_in_use(session).id).card.get("metrics", {})
    worth: list[FilterWorth] = []
    for table, figures in metrics.items():
        if not table.endswith(FILTERS):
            continue
        where = table.removesuffix(FILTERS)
        if filters.min_confidence is None:
            worth += _as_it_decides(asked, figures, where)
        else:
            worth += _at_least(filters.min_confidence, asked, figures, metrics.get(where + CURVES), where)
        worth += _as_it_decides([*only, *without], figures, where)
    known = {one.filter for one in worth}
    return tuple(worth), tuple(name for name in (*asked, *only, *without) if name not in known)


def _as_it_decides(names: Iterable[str], figures: Mapping[str, Any], where: str) -> Iterator[FilterWorth]:
    """What filters are worth where the model itself draws the line."""
    return (FilterWorth(filter=name, measured_on=where, **figures[name]) for name in names if name in figures)


def _at_least(
    probability: float, names: Iterable[str], figures: Mapping[str, Any], curves: Mapping[str, Any] | None, where: str
) -> Iterator[FilterWorth]:
    """The same at the measured least probability that is the nearest one to the given one."""
    if curves is None:
        return
    nearest = min(range(len(curves["least"])), key=lambda i: abs(curves["least"][i] - probability))
    for name in names:
        if name in figures and name in curves["precision"]:
            yield FilterWorth(
                filter=name,
                least=curves["least"][nearest],
                precision=curves["precision"][name][nearest],
                recall=curves["recall"][name][nearest],
                share=figures[name]["share"],
                measured_on=where,
            )
