"""What sightings must satisfy before any are ranked, as SQL."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, literal, or_, select
from sqlalchemy.orm import Session

from surveil.attributes import BY_NAME, OUTPUT_NAMES
from surveil.calibration import CONFIDENT, least_probability
from surveil.errors import QueryError
from surveil.search.time_window import TimeWindow
from surveil.store.models import model_in_use
from surveil.store.tables import Camera, CropRow, Description, Footage, Identity, Model, SightingRow
from surveil.timezones import zone_named

Ts = TypeVarTuple("Ts")


@dataclass(frozen=True, slots=True)
class Filters:
    """Every filter must be passed; of several cameras, or several labels of one attribute, one is enough.

    Attributes:
        cameras: Names.
        footage: Paths, or names of files.
        identities: Numbers, or names that the operator gave.
        min_height: Pixels that the best crop must be high.
        newer_than: The sighting was stored after the one of this number.
        after: The person was in view at this time (aware) or later.
        before: The person was in view before this time (aware).
        when: Days and times of day, in the zone of each camera.
        attributes: The allowed labels of each attribute asked for.
        only: Labels of an attribute that the person has, and no others, with a probability of `CONFIDENT`.
        without: Labels of an attribute that the person has not, with a probability of `CONFIDENT`.
        min_confidence: The least probability (0 to 1) that the person has one of the allowed labels; None for where the
            model itself draws the line: at one half, and lower for what is rare (its card tells).
    """

    cameras: tuple[str, ...] = ()
    footage: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()
    min_height: int | None = None
    newer_than: int | None = None
    after: datetime | None = None
    before: datetime | None = None
    when: TimeWindow | None = None
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    without: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    min_confidence: float | None = None

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return self != Filters(min_confidence=self.min_confidence)

    @property
    def describes(self) -> bool:
        """Whether anything is asked for that a model must say."""
        return bool(self.attributes or self.only or self.without)


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
    if filters.footage:
        ids = [key for name in filters.footage for key in _footage_ids(session, name)]
        named[f"footage {_either(filters.footage)}"] = SightingRow.footage_id.in_(ids)
    if filters.identities:
        numbers = [key for name in filters.identities for key in _identity_ids(session, name)]
        named[f"identity {_either(filters.identities)}"] = SightingRow.identity_id.in_(numbers)
    if filters.min_height is not None:
        named[f"at least {filters.min_height} pixels high"] = _is_high(filters.min_height)
    if filters.newer_than is not None:
        named[f"stored after sighting {filters.newer_than}"] = SightingRow.id > filters.newer_than
    return named | _described_conditions(session, filters)


def _described_conditions(session: Session, filters: Filters) -> dict[str, ColumnElement[bool]]:
    named: dict[str, ColumnElement[bool]] = {}
    thresholds = model_in_use(session).thresholds if filters.describes else {}
    for name, labels in filters.attributes.items():
        named[f"{name} {_either(labels)}"] = has_label(name, labels, filters.min_confidence, thresholds)
    for name, labels in filters.only.items():
        named[f"only {name} {_either(labels)}"] = probability(name, labels) >= CONFIDENT
    for name, labels in filters.without.items():
        named[f"not {name} {_either(labels)}"] = probability(name, labels) <= 1 - CONFIDENT
    return named


def candidates(session: Session, filters: Filters) -> Select[Any]:
    """The ids of all sightings that pass every filter.

    Raises:
        QueryError: See `conditions`.
        StoreError: See `conditions`.
    """
    return passing(session, filters, select(SightingRow.id))


def passing(session: Session, filters: Filters, sightings: Select[*Ts]) -> Select[*Ts]:
    """A query of sightings, of those that pass every filter.

    Raises:
        QueryError: See `conditions`.
        StoreError: See `conditions`.
    """
    chosen = sightings.where(*conditions(session, filters).values())
    return described(chosen) if filters.describes else chosen


def described(sightings: Select[*Ts]) -> Select[*Ts]:
    """The query of sightings together with what the model in use says of each; those it never saw are left out."""
    in_use = select(Model.id).where(Model.in_use).scalar_subquery()
    # "+ 0" keeps planners from the indexes of attributes, which begin with the model: they would take all its rows.
    said = (Description.sighting_id == SightingRow.id) & (Description.model_id + 0 == in_use)
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


def has_label(
    name: str, labels: tuple[str, ...], least: float | None, thresholds: Mapping[str, float]
) -> ColumnElement[bool]:
    """Whether a person is taken to have one of an attribute's labels, as SQL.

    Args:
        name: The attribute.
        labels: Of this attribute.
        least: The least probability; None: as the model decides.
        thresholds: Where it draws the line, by attribute.

    """
    return probability(name, labels) >= (least_probability(name, labels, thresholds) if least is None else least)


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


def _footage_ids(session: Session, name: str) -> Sequence[int]:
    """The footage of a path, or of a file's name."""
    rows = session.execute(select(Footage.id, Footage.path)).all()
    found = [key for key, path in rows if name in (path, path.rpartition("/")[2])]
    if not found:
        raise unknown("footage", name, {path.rpartition("/")[2] for _, path in rows})
    return found


def _identity_ids(session: Session, name: str) -> Sequence[int]:
    """The identities of a name, or the one of a number."""
    is_it = Identity.id == int(name) if name.isdecimal() else Identity.name == name
    found = session.scalars(select(Identity.id).where(is_it)).all()
    if not found:
        named = session.scalars(select(Identity.name).where(Identity.name.is_not(None)).distinct())
        raise unknown("identity", name, [str(known) for known in named])
    return found


def _is_high(pixels: int) -> ColumnElement[bool]:
    height = CropRow.box[3].as_float() - CropRow.box[1].as_float()
    return exists().where(CropRow.sighting_id == SightingRow.id, CropRow.rank == 0, height >= pixels)


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
