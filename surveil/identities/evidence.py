"""What the database knows of who can and who cannot be one person."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from surveil.identities.constraints import NOWHERE, Constraints
from surveil.identities.graph import Ids
from surveil.identities.history import agreement
from surveil.store.tables import Footage, SightingRow
from surveil.store.vectors import IDS_PER_QUERY

BLOCK = 20_000
"""Rows that are read at a time."""


def load_constraints(session: Session, ids: Ids) -> Constraints:
    """The constraints on grouping some sightings: what was seen, and what operators decided.

    Args:
        session: A session.
        ids: (n,) sightings, ascending; those that are gone are under no constraint.
    """
    place, first, last = np.full(len(ids), NOWHERE), np.zeros(len(ids)), np.zeros(len(ids))
    # Footage, not camera: two recordings of one camera may overlap (pre-roll), and then do show one person twice.
    # Of crops it proves nothing: an unzip gives many one time, and whoever cut them out may have cut one person out
    # several times (of the pairs of crops of one frame in Market-1501's train folder, 23 % show the same person).
    columns = (SightingRow.id, SightingRow.footage_id, SightingRow.first_seen, SightingRow.last_seen)
    proves = Footage.kind != "crops"
    rows = select(*columns).join(Footage, SightingRow.footage_id == Footage.id).where(proves).order_by(SightingRow.id)
    if len(ids) <= IDS_PER_QUERY:
        rows = rows.where(SightingRow.id.in_(ids.tolist()))
    for block in session.execute(rows.execution_options(yield_per=BLOCK)).partitions():
        at = np.searchsorted(ids, [row.id for row in block])
        known = [(i, row) for i, row in zip(at.tolist(), block, strict=True) if i < len(ids) and ids[i] == row.id]
        for i, row in known:
            place[i], first[i], last[i] = row.footage_id, row.first_seen.timestamp(), row.last_seen.timestamp()
    said = agreement(session)
    same = [_positions(ids, one) for one in said.same]
    different = [(_positions(ids, left), _positions(ids, right)) for left, right in said.different]
    return Constraints(place, first, last, same, different)


def _positions(ids: Ids, sightings: Sequence[int]) -> Ids:
    """Where some sightings are among others, that are ascending; those that are not are left out."""
    return np.flatnonzero(np.isin(ids, np.array(sightings, np.int64)))
