"""What the result of an evaluation is shown as: tables under headings, in order."""

from __future__ import annotations

from surveil.evaluation.official import OfficialResult
from surveil.evaluation.report import ReportResult, report_table
from surveil.evaluation.tables import (
    Table,
    accounting_table,
    attribute_query_table,
    attributes_table,
    clustering_table,
    reid_table,
)

Sections = dict[str, tuple[Table, ...]]
REID, IDENTITIES, ATTRIBUTES = "Re-identification", "Identities", "Attributes"


def official_sections(result: OfficialResult) -> Sections:
    """The tables of the official protocol; without annotations none of attributes."""
    sections: Sections = {
        REID: (reid_table(result.reid, None if result.same_person is None else result.same_person.error),),
        IDENTITIES: (clustering_table(result.clustering, result.card.cluster_threshold),),
    }
    if result.attributes is not None:
        sections[ATTRIBUTES] = (
            attributes_table(result.attributes.recognition),
            attribute_query_table(result.attributes.queries),
            accounting_table(result.attributes.accounting),
        )
    return sections


def report_sections(result: ReportResult) -> Sections:
    """The table of the report's own protocol."""
    return {REID: (report_table(result),)}
