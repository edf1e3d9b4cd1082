"""What the result of an evaluation is shown as: tables under headings, in order."""

from __future__ import annotations

from surveil.evaluation.official import OfficialResult
from surveil.evaluation.tables import Table, attributes_table, reid_table

Sections = dict[str, tuple[Table, ...]]
REID, ATTRIBUTES = "Re-identification", "Attributes"


def official_sections(result: OfficialResult) -> Sections:
    """The tables of the official protocol; without annotations none of attributes."""
    sections: Sections = {REID: (reid_table(result.reid),)}
    if result.attributes is not None:
        sections[ATTRIBUTES] = (attributes_table(result.attributes),)
    return sections
