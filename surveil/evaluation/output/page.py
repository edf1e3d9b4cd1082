"""The results of an evaluation as files: all figures as JSON, pictures, and one page that needs no network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from matplotlib.figure import Figure
from PIL.Image import Image as Picture

from surveil import __version__, palette
from surveil.evaluation.output.tables import Table
from surveil.model.checkpoint import Card

FIGURES, PAGE = "market1501.json", "index.html"
_TEMPLATE = Path(__file__).with_name("page.html")


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A picture of the results, its file name in the page's own folder and what it tells."""

    file: str
    caption: str
    picture: Figure | Picture

    def save(self, folder: Path) -> None:
        """Write it as PNG."""
        if isinstance(self.picture, Figure):
            self.picture.savefig(folder / self.file)
        else:
            self.picture.save(folder / self.file, optimize=True)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the tables and pictures under it."""

    heading: str
    tables: Sequence[Table]
    drawings: Sequence[Drawing] = ()


def write_page(
    folder: Path, *, title: str, sections: Sequence[Section], cards: Sequence[Card], command: str, figures: object
) -> None:
    """Write the figures (market1501.json), the pictures and the page (index.html).

    Args:
        folder: Where to; it exists.
        title: Heading of the page.
        sections: What was measured, in order.
        cards: Of the models.
        command: How to measure the same again.
        figures: All figures, for JSON.
    """
    (folder / FIGURES).write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for section in sections:
        for drawing in section.drawings:
            drawing.save(folder)
    page = render_page(title=title, sections=sections, cards=cards, command=command)
    (folder / PAGE).write_text(page, encoding="utf-8")


def render_page(*, title: str, sections: Sequence[Section], cards: Sequence[Card], command: str) -> str:
    """The page as HTML; whatever it is given is shown as text, never as markup. Arguments as of `write_page`."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        title=title,
        sections=sections,
        cards=[(card, json.dumps(asdict(card), indent=2, ensure_ascii=False)) for card in cards],
        command=command,
        figures=FIGURES,
        palette=palette,
        version=__version__,
    )
