"""The sightings that most probably have what is asked for, proposed from memory and confirmed by the database.

The probabilities in memory are rounded and know no other filter; so the database says who of the proposed passes and
how probable each is, and more are proposed until nobody beyond them can be better than those who passed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select
from sqlalchemy.orm import Session

from surveil.attributes import BY_NAME, OUTPUT_NAMES
from surveil.store.description_columns import DescriptionColumns
from surveil.store.models import model_in_use
from surveil.store.tables import SightingRow
from surveil.types import Floats

MIN_PROPOSED, MAX_PROPOSED = 250, 8_000
"""Sightings proposed at first, and at most; where so many do not do, other filters pass so few that these go first."""
ROUNDING = 1e-5
"""How much the probabilities in memory may be wrong."""
FLOORS = (0.9, 0.7, 0.5, 0.3, 0.1, 0.03)

Row = tuple[int, Any, float]
"""Id, when first seen, probability."""


def best_proposed(
    session: Session,
    columns: DescriptionColumns,
    attributes: Mapping[str, Sequence[str]],
    passing: Select[Any],
    limit: int,
) -> list[Row] | None:
    """The best of those who pass, in no order and perhaps with others; None where memory does not help.

    Args:
        session: A session.
        columns: The probabilities in memory.
        attributes: The allowed labels of each attribute asked for.
        passing: The query of those who pass all filters: their rows.
        limit: How many are wanted.
    """
    names = [name for attribute, labels in attributes.items() for name in _outputs(attribute, labels)]
    held = columns.columns(names, model_in_use(session).id)
    if held is None:
        return None
    ids, chances = held[0], _chances(attributes, dict(zip(names, held[1], strict=True)), len(held[0]))
    found: list[Row] = []
    done, count = 0, max(MIN_PROPOSED, 2 * limit)
    while count <= MAX_PROPOSED:
        places = _highest(chances, count + 1)
        asked = ids[places[done:count]].tolist()
        found += [(row[0], row[1], row[2]) for row in session.execute(passing.where(SightingRow.id.in_(asked)))]
        if len(places) <= count:
            return found
        bound = float(chances[places[count]]) + ROUNDING
        if sum(row[2] > bound for row in found) >= limit:
            return found
        done, count = count, 4 * count
    return None


def _outputs(attribute: str, labels: Sequence[str]) -> list[str]:
    """The columns that the probability of some labels is made of."""
    table = BY_NAME[attribute]
    names = OUTPUT_NAMES[table.outputs]
    return [names[table.labels.index(label)] for label in sorted(set(labels))] if table.exclusive else [names[0]]


def _chances(attributes: Mapping[str, Sequence[str]], columns: Mapping[str, Floats], count: int) -> Floats:
    """(n,) the product over the attributes; see `surveil.search.filters.probability`."""
    chances = np.ones(count, np.float32)
    for attribute, labels in attributes.items():
        table = BY_NAME[attribute]
        if len(set(labels)) == len(table.labels):
            continue
        parts = [columns[name] for name in _outputs(attribute, labels)]
        if table.exclusive:
            chances *= sum(parts[1:], start=parts[0])
        else:
            chances *= parts[0] if labels[0] == table.labels[1] else 1 - parts[0]
    return chances


def _highest(chances: Floats, count: int) -> NDArray[np.int64]:
    """The places of so many of the highest, the highest first."""
    for floor in FLOORS:
        high = np.flatnonzero(chances >= floor)
        if len(high) >= count:
            break
    else:
        high = np.arange(len(chances))
    return high[np.argsort(-chances[high], kind="stable")][:count]
