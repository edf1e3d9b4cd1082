"""Facets of an archive so large that its database would look through all of it for seconds: counted in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from surveil.attributes import ATTRIBUTES, BY_NAME, OUTPUT_NAMES
from surveil.calibration import CONFIDENT, least_probability
from surveil.search.filters import Filters, candidates
from surveil.store.granted import is_restricted
from surveil.store.memory_index import ids_of
from surveil.store.models import model_in_use
from surveil.store.tables import Camera

if TYPE_CHECKING:
    from surveil.store.session import Database

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Tally:
    """The facets as they are counted.

    Attributes:
        attributes: Of each attribute the number of each label.
        cameras: Number of sightings by the number of the camera.
        hours: Number of sightings by camera and hour (since 1970, UTC).
    """

    attributes: dict[str, dict[str, int]]
    cameras: dict[int, int]
    hours: dict[tuple[int, int], int]


def tally(database: Database, session: Session, filters: Filters) -> Tally | None:
    """Count those who pass; None where no copy is kept in memory: on Postgres, and of few sightings.

    Raises:
        QueryError: A filter is wrong.
    """
    model = model_in_use(session)
    held = database.descriptions.columns(OUTPUT_NAMES, model.id, at_once=True)
    places = database.places.all(session) if held else None
    if held is None or places is None:
        return None
    ids, columns = held
    looks = _Looks(dict(zip(OUTPUT_NAMES, columns, strict=True)), model.thresholds, filters)
    place = np.searchsorted(places.ids, ids)
    known = place < len(places.ids)
    known[known] = places.ids[place[known]] == ids[known]
    place[~known] = 0
    cameras, hours = places.cameras[place], places.hours[place]
    elsewhere = known & _others(session, filters, ids)
    here = elsewhere & np.isin(cameras, _camera_ids(session, filters)) if filters.cameras else elsewhere
    wanted = looks.wanted()
    return Tally(
        looks.count(here), _counts(cameras[elsewhere & wanted]), _pairs(cameras[here & wanted], hours[here & wanted])
    )


def _others(session: Session, filters: Filters, ids: NDArray[np.int64]) -> Mask:
    """Who passes the filters that ask for neither looks nor cameras."""
    others = replace(filters, cameras=(), attributes={}, only={}, without={})
    if not (others or is_restricted()):
        return np.ones(len(ids), np.bool_)
    return np.isin(ids, ids_of(session, candidates(session, others)), assume_unique=True)


def _camera_ids(session: Session, filters: Filters) -> list[int]:
    return list(session.scalars(select(Camera.id).where(Camera.name.in_(filters.cameras))))


def _counts(values: NDArray[np.int64]) -> dict[int, int]:
    numbers, counts = np.unique(values, return_counts=True)
    return dict(zip(numbers.tolist(), counts.tolist(), strict=True))


def _pairs(cameras: NDArray[np.int64], hours: NDArray[np.int64]) -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = {}
    for camera in np.unique(cameras).tolist():
        found |= {(camera, hour): count for hour, count in _counts(hours[cameras == camera]).items()}
    return found


@dataclass(frozen=True, slots=True)
class _Looks:
    """What the model says of everybody, and what is asked."""

    columns: Mapping[str, NDArray[np.float32]]
    thresholds: Mapping[str, float]
    filters: Filters

    def wanted(self, but: str | None = None) -> Mask:
        """Who passes all that is asked of attributes, but of one."""
        mask = np.ones(len(next(iter(self.columns.values()))), np.bool_)
        for name, labels in self.filters.attributes.items():
            if name != but:
                mask &= self._has(name, labels)
        for name, labels in self.filters.only.items():
            mask &= self._chance(name, labels) >= CONFIDENT
        for name, labels in self.filters.without.items():
            mask &= self._chance(name, labels) <= 1 - CONFIDENT
        return mask

    def count(self, among: Mask) -> dict[str, dict[str, int]]:
        """Of each attribute, how many have each label if it were the only one asked for of it."""
        chosen = among & self.wanted()
        counts = {}
        for attribute in ATTRIBUTES:
            here = among & self.wanted(but=attribute.name) if attribute.name in self.filters.attributes else chosen
            counts[attribute.name] = {
                label: int(np.count_nonzero(self._has(attribute.name, (label,)) & here)) for label in attribute.labels
            }
        return counts

    def _has(self, name: str, labels: Sequence[str]) -> Mask:
        least = self.filters.min_confidence
        mask: Mask = self._chance(name, labels) >= (
            least_probability(name, labels, self.thresholds) if least is None else least
        )
        return mask

    def _chance(self, name: str, labels: Collection[str]) -> NDArray[np.float64]:
        """As `surveil.search.filters.probability`, and in double precision too, so that the same ones pass."""
        table = BY_NAME[name]
        indices = sorted({table.labels.index(label) for label in labels})
        names = OUTPUT_NAMES[table.outputs]
        if len(indices) == len(table.labels):
            return np.ones(len(self.columns[names[0]]))
        if table.exclusive:
            parts = [self.columns[names[i]].astype(np.float64) for i in indices]
            return sum(parts[1:], start=parts[0])
        yes = self.columns[names[0]].astype(np.float64)
        return yes if indices == [1] else 1.0 - yes
