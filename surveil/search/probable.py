"""The sightings that most probably have what is asked for: exactly the best, without looking at all that pass.

The probability of several attributes together is at most that of one of them. So the sightings first in the order of
the rarest attribute, which an index has, give a bound: whoever has any attribute less probably is not among the best
(after Fagin, Lotem and Naor, "Optimal aggregation algorithms for middleware", 2001).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from surveil.attributes import BY_NAME, OUTPUT_NAMES
from surveil.search.filters import Filters, candidates, joint_probability
from surveil.search.proposed import best_proposed
from surveil.store.description_columns import DescriptionColumns
from surveil.store.models import model_in_use
from surveil.store.tables import Description, SightingRow

FEW, MANY = 5_000, 50_000
"""Of so many sightings, looking at all is quick: where one attribute is asked for, and where several are."""
MIN_FIRST = 500
"""So many sightings, at least, give the bound."""
HIGH = 0.8
"""The fewer sightings have an attribute with this probability, the higher is the bound."""
MAX_COUNTED = 50_000
ROUNDING = 1e-5
"""The probabilities of all labels of an attribute add up to one only up to this."""


@dataclass(frozen=True, slots=True)
class _Lead:
    """An attribute whose probability an index has in order: the column's own, or one minus it."""

    column: ColumnElement[float]
    rising: bool

    @property
    def order(self) -> ColumnElement[float]:
        """The most probable first."""
        return self.column.asc() if self.rising else self.column.desc()

    def at_least(self, probability: float) -> ColumnElement[bool]:
        """Rounded in favour of the sighting."""
        return self.column <= 1 - probability + ROUNDING if self.rising else self.column >= probability - ROUNDING


def most_probable(
    session: Session, filters: Filters, limit: int, columns: DescriptionColumns | None = None
) -> list[tuple[int, float]]:
    """The best sightings that pass the filters: (id, probability of all attributes together), the best first.

    Equally good ones come by time and id.

    Args:
        session: A session.
        filters: What they must pass; at least one attribute.
        limit: How many at most.
        columns: The probabilities in memory, if they may be used.

    Raises:
        QueryError: A filter is wrong.
        StoreError: An attribute is asked for before any model described anybody.
    """
    chance = joint_probability(filters.attributes).label("chance")
    passing = candidates(session, filters).add_columns(SightingRow.first_seen, chance)
    if _are_more(session, filters, FEW):
        found = best_proposed(session, columns, filters.attributes, passing, limit) if columns is not None else None
        if found is not None:
            best = sorted(found, key=lambda row: (-row[2], row[1], row[0]))[:limit]
            return [(sighting, probability) for sighting, _, probability in best]
        if (lead := _lead_of(session, filters)) is not None:
            passing = _bounded(session, passing, lead, limit)
    ordered = passing.order_by(chance.desc(), SightingRow.first_seen, SightingRow.id).limit(limit)
    return [(sighting, probability) for sighting, _, probability in session.execute(ordered)]


def _bounded(session: Session, passing: Select[Any], lead: _Lead, limit: int) -> Select[Any]:
    """The query of those who pass, without the many who cannot be among the best."""
    described = select(Description.sighting_id).where(Description.model_id == model_in_use(session).id)
    first = described.order_by(lead.order).limit(max(MIN_FIRST, 4 * limit))
    chances = sorted(row.chance for row in session.execute(passing.where(SightingRow.id.in_(first))))
    if len(chances) < limit:
        return passing
    return passing.where(SightingRow.id.in_(described.where(lead.at_least(chances[-limit]))))


def _lead_of(session: Session, filters: Filters) -> _Lead | None:
    """The attribute whose order gives the bound; None where looking at all who pass the other filters is quicker.

    The bound of several attributes together is low, so that more of them must pass.
    """
    leads = [lead for name, labels in filters.attributes.items() if (lead := _lead(name, labels)) is not None]
    if not leads or (len(filters.attributes) > 1 and not _are_more(session, filters, MANY)):
        return None
    return leads[0] if len(leads) == 1 else _rarest(session, leads)


def _are_more(session: Session, filters: Filters, count: int) -> bool:
    """Whether more sightings than this pass the filters that ask for no attribute."""
    others = candidates(session, replace(filters, attributes={}, only={}, without={})).offset(count).limit(1)
    return session.scalar(others) is not None


def _rarest(session: Session, leads: Sequence[_Lead]) -> _Lead:
    """The attribute that the fewest have with a high probability."""
    model_id = model_in_use(session).id

    def count(lead: _Lead) -> int:
        high = select(Description.sighting_id).where(Description.model_id == model_id, lead.at_least(HIGH))
        return session.scalar(select(func.count()).select_from(high.limit(MAX_COUNTED).subquery())) or 0

    return min(leads, key=count)


def _lead(name: str, labels: Sequence[str]) -> _Lead | None:
    """The column of one label; several labels of a colour have no index together."""
    attribute = BY_NAME[name]
    if len(set(labels)) != 1:
        return None
    place = attribute.labels.index(labels[0])
    outputs = OUTPUT_NAMES[attribute.outputs]
    if attribute.exclusive:
        return _Lead(getattr(Description, outputs[place]), rising=False)
    return _Lead(getattr(Description, outputs[0]), rising=place == 0)
