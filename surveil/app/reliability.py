"""What the answers of the model in use are worth, as its card says."""

from __future__ import annotations

from sqlalchemy.orm import Session

from surveil.app.results import Reliability, ReliabilityList
from surveil.attributes import OUTPUT_NAMES
from surveil.store.models import model_in_use
from surveil.store.tables import Model

FAMILIAR, ELSEWHERE = "AUC, validation", "never learned from"
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
