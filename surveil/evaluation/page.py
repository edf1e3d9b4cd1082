"""One page with all tables and pictures of an evaluation, readable without a network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from surveil import __version__
from surveil.evaluation.tables import Table
from surveil.model.checkpoint import Card

_TEMPLATE = Path(__file__).with_name("page.html")


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture of the page: its file, in the page's own folder, and what it shows."""

    file: str
    caption: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the tables and pictures under it."""

    heading: str
    tables: Sequence[Table]
    pictures: Sequence[Shown] = ()


def render_page(*, title: str, sections: Sequence[Section], card: Card, command: str, figures: str) -> str:
    """The page as HTML; whatever it is given is shown as text, never as markup.

    Args:
        title: Heading.
        sections: What was measured, in order.
        card: Of the model.
        command: How to measure the same again.
        figures: The JSON file, in the page's own folder.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        title=title,
        sections=sections,
        card=card,
        whole_card=json.dumps(asdict(card), indent=2, ensure_ascii=False),
        command=command,
        figures=figures,
        version=__version__,
    )
