"""What the answers of the model in use are worth, as its card says."""

from __future__ import annotations

from sqlalchemy.orm import Session

from surveil.app.results import FilterWorth, Reliability, ReliabilityList
from surveil.attributes import OUTPUT_NAMES
from surveil.search.filters import Filters
from surveil.store.models import model_in_use
from surveil.store.tables import Model

FAMILIAR, ELSEWHERE, FILTERS = "AUC, validation", "never learned from", ", filters"
"""What the names of the card's tables of figures begin or end with."""


def reliability(session: Session) -> ReliabilityList:
    """The areas under the ROC curves of all outputs, where the card has them.

    Raises:
        StoreError: Nothing was ingested yet.
    """
    card = session.get_one(Model, model_in_use(session).id).card
    metrics: dict[str, dict[str, float]] = card.get("metrics", {})
    empty: dict[str, float] = {}
    familiar = next((table for name, table in metrics.items() if name.startswith(FAMILIAR)), empty)
    elsewhere = next((table for name, table in metrics.items() if name.endswith(ELSEWHERE)), empty)
    return ReliabilityList(
        model=str(card.get("name", "")),
        limits=str(card.get("limits", "")),
        outputs=tuple(
            Reliability(output=name, familiar=familiar.get(name), elsewhere=elsewhere.get(name))
            for name in OUTPUT_NAMES
        ),
    )


def worth_of(session: Session, filters: Filters) -> tuple[tuple[FilterWorth, ...], tuple[str, ...]]:
    """What each value that is asked for is worth, where the card has it, and those of which it was not measured.

    The card tells of the model's own least probabilities, and neither of "only" nor of "not".

    Raises:
        StoreError: Nothing was ingested yet.
    """
    asked, only, without = (
        [f"{name} {label}" for name, labels in values.items() for label in labels]
        for values in (filters.attributes, filters.only, filters.without)
    )
    unmeasured = [*(f"only {name}" for name in only), *(f"not {name}" for name in without)]
    if filters.min_confidence is not None:
        unmeasured = [f"{name} at another least probability" for name in asked] + unmeasured
        asked = []
    if not asked:
        return (), tuple(unmeasured)
    metrics = session.get_one(Model, model_in_use(session).id).card.get("metrics", {})
    worth = tuple(
        FilterWorth(filter=name, measured_on=table.removesuffix(FILTERS), **metrics[table][name])
        for table in metrics
        if table.endswith(FILTERS)
        for name in asked
        if name in metrics[table]
    )
    known = {one.filter for one in worth}
    return worth, (*(name for name in asked if name not in known), *unmeasured)
