"""Which charts and sheets show a result of the official protocol, and what each of them tells."""

from __future__ import annotations

from surveil.evaluation.output.page import Drawing
from surveil.evaluation.output.plots import (
    attributes_chart,
    cmc_chart,
    precision_recall_chart,
    reliability_chart,
    same_person_chart,
    similarity_chart,
)
from surveil.evaluation.output.sheet import query_sheet
from surveil.evaluation.output.tables import ATTRIBUTES, REID
from surveil.evaluation.protocols.official import OfficialResult


def official_drawings(result: OfficialResult, prefix: str = "") -> dict[str, list[Drawing]]:
    """The pictures by the heading they belong under; file names begin with `prefix`."""
    return {REID: _reid(result, prefix), ATTRIBUTES: _attributes(result, prefix)}


def _reid(result: OfficialResult, prefix: str) -> list[Drawing]:
    drawings = [
        Drawing(f"{prefix}cmc.png", "How far down the list an operator has to look.", cmc_chart(result.reid)),
        Drawing(
            f"{prefix}similarity.png",
            "Where the two overlap, the similarity alone cannot tell whether it is the same person.",
            similarity_chart(result.pairs, result.card.calibration),
        ),
    ]
    if result.same_person is not None:
        chart = same_person_chart(result.pairs, result.same_person)
        drawings.append(
            Drawing(f"{prefix}same-person.png", "On the diagonal, the probability means what it says.", chart)
        )
    examples = "Pictures: Market-1501, released for research only; do not pass this one on."
    return [*drawings, Drawing(f"{prefix}queries.png", examples, query_sheet(result))]


def _attributes(result: OfficialResult, prefix: str) -> list[Drawing]:
    figures = result.attributes
    if figures is None:
        return []
    probabilities, targets = figures.probabilities, figures.targets
    return [
        Drawing(
            f"{prefix}attributes.png",
            "Where the two bars are alike, the model adds nothing to knowing what is common.",
            attributes_chart(figures.recognition),
        ),
        Drawing(
            f"{prefix}precision-recall.png",
            "The further above the dashed line, the more a search for the label gains.",
            precision_recall_chart(probabilities, targets, result.card.calibration),
        ),
        Drawing(
            f"{prefix}reliability.png",
            "On the diagonal, a probability means what it says; below it, the model is too sure of itself.",
            reliability_chart(probabilities, targets),
        ),
    ]
