"""What sightings must satisfy before any are ranked, as SQL."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, literal, or_, select
from sqlalchemy.orm import Session

from surveil.attributes import BY_NAME, OUTPUT_NAMES
from surveil.errors import QueryError
from surveil.search.time_window import TimeWindow
from surveil.store.models import model_in_use
from surveil.store.tables import Camera, Description, Model, SightingRow
from surveil.timezones import zone_named


@dataclass(frozen=True, slots=True)
class Filters:
    """Every filter must be passed; of several cameras, or several labels of one attribute, one is enough.

    Attributes:
        cameras: Names.
        after: The person was in view at this time (aware) or later.
        before: The person was in view before this time (aware).
        when: Days and times of day, in the zone of each camera.
        attributes: The allowed labels of each attribute asked for.
        min_confidence: The least probability (0 to 1) that the person has one of the allowed labels; None for where the
            model itself draws the line: at one half, and lower for what is rare (its card tells).
    """

    cameras: tuple[str, ...] = ()
    after: datetime | None = None
    before: datetime | None = None
    when: TimeWindow | None = None
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    min_confidence: float | None = None

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.cameras or self.after or self.before or self.when or self.attributes)


def conditions(session: Session, filters: Filters) -> dict[str, ColumnElement[bool]]:
    """The SQL condition of each filter in use, by a name that an operator understands, for a query that is `described`.

    Raises:
        QueryError: A camera, attribute or label does not exist, or the confidence is no probability.
        StoreError: An attribute is asked for before any model described anybody.
    """
    if filters.min_confidence is not None and not 0 <= filters.min_confidence <= 1:
        raise QueryError(f"{filters.min_confidence} is no probability", "min_confidence", "Give a value from 0 to 1.")
    named: dict[str, ColumnElement[bool]] = {}
    if filters.cameras:
        named[f"camera {_either(filters.cameras)}"] = SightingRow.camera_id.in_(_camera_ids(session, filters.cameras))
    if filters.after:
        named[f"after {filters.after.isoformat()}"] = SightingRow.last_seen >= filters.after
    if filters.before:
        named[f"before {filters.before.isoformat()}"] = SightingRow.first_seen < filters.before
    if filters.when:
        named[str(filters.when)] = _on_local_clocks(session, filters.when)
    thresholds = model_in_use(session).thresholds if filters.attributes else {}
    for name, labels in filters.attributes.items():
        named[f"{name} {_either(labels)}"] = _probable(name, labels, filters.min_confidence, thresholds)
    return named


def candidates(session: Session, filters: Filters) -> Select[Any]:
    """The ids of all sightings that pass every filter.

    Raises:
        QueryError: See `conditions`.
        StoreError: See `conditions`.
    """
    ids = select(SightingRow.id).where(*conditions(session, filters).values())
    return described(ids) if filters.attributes else ids


def described(sightings: Select[Any]) -> Select[Any]:
    """The query of sightings together with what the model in use says of each; those it never saw are left out."""
    in_use = select(Model.id).where(Model.in_use).scalar_subquery()
    said = (Description.sighting_id == SightingRow.id) & (Description.model_id == in_use)
    return sightings.join(Description, said)


def count_passing(session: Session, filters: Filters) -> dict[str, int]:
    """How many sightings pass each filter alone: it tells which one leaves nothing."""
    everybody = described(select(func.count()).select_from(SightingRow))
    return {
        name: session.scalar(everybody.where(condition)) or 0
        for name, condition in conditions(session, filters).items()
    }


def probability(attribute: str, labels: Collection[str]) -> ColumnElement[float]:
    """The probability, as SQL, that a person has one of the labels of an attribute.

    Raises:
        QueryError: There is no such attribute or label.
    """
    if attribute not in BY_NAME:
        raise unknown("attribute", attribute, list(BY_NAME))
    table = BY_NAME[attribute]
    for label in labels:
        if label not in table.labels:
            raise unknown(f"value of {attribute}", label, table.labels)
    indices = sorted({table.labels.index(label) for label in labels})
    if len(indices) == len(table.labels):
        return literal(1.0)
    columns = [getattr(Description, name) for name in OUTPUT_NAMES[table.outputs]]
    if table.exclusive:
        chance: ColumnElement[float] = sum((columns[i] for i in indices[1:]), start=columns[indices[0]])
        return chance
    yes: ColumnElement[float] = columns[0]
    return yes if indices == [1] else literal(1.0) - yes


def _probable(
    name: str, labels: tuple[str, ...], least: float | None, thresholds: Mapping[str, float]
) -> ColumnElement[bool]:
    """Whether a person is taken to have one of the labels; without a least probability, as the model decides."""
    chance = probability(name, labels)
    if least is not None:
        return chance >= least
    threshold = thresholds.get(name, 0.5)  # colours and ages have none of their own
    negative = BY_NAME[name].labels[0]
    if not BY_NAME[name].exclusive and set(labels) == {negative}:
        return chance > 1 - threshold
    return chance >= threshold


def joint_probability(attributes: Mapping[str, Collection[str]]) -> ColumnElement[float]:
    """The product of the probabilities, as SQL, that a person has what is asked of each attribute.

    It takes the attributes for independent, which they are not quite: good for ranking, not a frequency.
    """
    return math.prod((probability(name, labels) for name, labels in attributes.items()), start=literal(1.0))


def unknown(kind: str, given: str, existing: Iterable[str]) -> QueryError:
    """The error that names what exists, and what was probably meant."""
    existing = sorted(existing)
    folded = {name.casefold(): name for name in existing}
    nearest = difflib.get_close_matches(given.casefold(), folded, n=1)
    guess = f"Did you mean {folded[nearest[0]]}? " if nearest else ""
    listed = ", ".join(existing[:30]) + (f" and {len(existing) - 30} more" if len(existing) > 30 else "")
    return QueryError(f"no {kind} is called {given!r}", next_step=f"{guess}There is: {listed or 'none yet'}.")


def _camera_ids(session: Session, names: Sequence[str]) -> list[int]:
    ids = {name: key for key, name in session.execute(select(Camera.id, Camera.name))}
    for name in names:
        if name not in ids:
            raise unknown("camera", name, ids)
    return [ids[name] for name in names]


def _on_local_clocks(session: Session, when: TimeWindow) -> ColumnElement[bool]:
    seen = session.execute(select(func.min(SightingRow.first_seen), func.max(SightingRow.first_seen))).one()
    if seen[0] is None:
        return false()
    zones: dict[str, list[int]] = {}
    for key, zone in session.execute(select(Camera.id, Camera.zone).order_by(Camera.id)):
        zones.setdefault(zone, []).append(key)
    return or_(
        *(
            and_(SightingRow.camera_id.in_(keys), when.condition(zone_named(zone), (seen[0], seen[1])))
            for zone, keys in zones.items()
        )
    )


def _either(words: Iterable[str]) -> str:
    return " or ".join(words)
