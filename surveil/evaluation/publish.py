"""The results of an evaluation as files: all figures as JSON, charts, examples, and a page that shows them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure
from PIL.Image import Image as Picture

from surveil.evaluation.official import OfficialResult
from surveil.evaluation.page import Section, Shown, render_page
from surveil.evaluation.plots import (
    attributes_chart,
    cmc_chart,
    precision_recall_chart,
    reliability_chart,
    same_person_chart,
    similarity_chart,
)
from surveil.evaluation.sections import ATTRIBUTES, REID, Sections
from surveil.evaluation.sheet import query_sheet
from surveil.model.checkpoint import Card

FIGURES, PAGE = "market1501.json", "index.html"


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A picture of the results, its file name and what it tells."""

    file: str
    caption: str
    picture: Figure | Picture

    def save(self, folder: Path) -> None:
        """Write it as PNG."""
        if isinstance(self.picture, Figure):
            self.picture.savefig(folder / self.file)
        else:
            self.picture.save(folder / self.file, optimize=True)


def write_results(
    folder: Path,
    *,
    title: str,
    sections: Sections,
    drawings: Mapping[str, Sequence[Drawing]],
    figures: object,
    card: Card,
    command: str,
) -> None:
    """Write the figures (market1501.json), the pictures and the page (index.html).

    Args:
        folder: Where to; it exists.
        title: Heading of the page.
        sections: The tables under their headings.
        drawings: The pictures under the same headings.
        figures: All figures, for JSON.
        card: Of the model.
        command: How to measure the same again.
    """
    (folder / FIGURES).write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for drawing in (drawing for part in drawings.values() for drawing in part):
        drawing.save(folder)
    shown = [
        Section(heading, tables, [Shown(drawing.file, drawing.caption) for drawing in drawings.get(heading, ())])
        for heading, tables in sections.items()
    ]
    page = render_page(title=title, sections=shown, card=card, command=command, figures=FIGURES)
    (folder / PAGE).write_text(page, encoding="utf-8")


def official_drawings(result: OfficialResult) -> dict[str, list[Drawing]]:
    """The pictures of the official protocol."""
    return {REID: _reid(result), ATTRIBUTES: _attributes(result)}


def _reid(result: OfficialResult) -> list[Drawing]:
    drawings = [
        Drawing("cmc.png", "How far down the list an operator has to look.", cmc_chart(result.reid)),
        Drawing(
            "similarity.png",
            "Where the two overlap, the similarity alone cannot tell whether it is the same person.",
            similarity_chart(result.pairs, result.card.calibration),
        ),
    ]
    if result.same_person is not None:
        chart = same_person_chart(result.pairs, result.same_person)
        drawings.append(Drawing("same-person.png", "On the diagonal, the probability means what it says.", chart))
    examples = "Pictures: Market-1501, released for research only; do not pass this one on."
    return [*drawings, Drawing("queries.png", examples, query_sheet(result))]


def _attributes(result: OfficialResult) -> list[Drawing]:
    figures = result.attributes
    if figures is None:
        return []
    probabilities, targets = figures.probabilities, figures.targets
    return [
        Drawing(
            "attributes.png",
            "Where the two bars are alike, the model adds nothing to knowing what is common.",
            attributes_chart(figures.recognition),
        ),
        Drawing(
            "precision-recall.png",
            "The further above the dashed line, the more a search for the label gains.",
            precision_recall_chart(probabilities, targets, result.card.calibration),
        ),
        Drawing(
            "reliability.png",
            "On the diagonal, a probability means what it says; below it, the model is too sure of itself.",
            reliability_chart(probabilities, targets),
        ),
    ]
