"""Runs beside each other: what changed from one to another, and going back to an earlier one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from surveil.errors import QueryError
from surveil.identities.cluster import state, store_run
from surveil.identities.evidence import load_constraints
from surveil.identities.methods import respect
from surveil.store import vectors
from surveil.store.locks import lock_identities
from surveil.store.models import model_in_use
from surveil.store.retry import once_more
from surveil.store.session import Database
from surveil.store.tables import Clustering, Identity, Membership, SightingRow


@dataclass(frozen=True, slots=True)
class ClusteringRun:
    """A clustering that was stored; one without members is too old to go back to."""

    clustering: int
    made_at: datetime
    parameters: dict[str, Any]
    metrics: dict[str, Any]
    has_members: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What became of an identity from one state to a later one.

    Attributes:
        identity: Its number.
        name: What it is called now.
        before: How many sightings it had.
        after: How many it has.
        came: Where those came from that it did not have: identity (None: from none) to number of sightings.
        went: Where those went that it has no more.
    """

    identity: int
    name: str | None
    before: int
    after: int
    came: dict[int | None, int]
    went: dict[int | None, int]


def list_runs(session: Session) -> list[ClusteringRun]:
    """All clusterings, the newest first."""
    kept = exists().where(Membership.clustering_id == Clustering.id)
    return [
        ClusteringRun(run.id, run.made_at, run.parameters, run.metrics, has_members)
        for run, has_members in session.execute(select(Clustering, kept).order_by(Clustering.id.desc()))
    ]


def compare(session: Session, before: int | None = None, after: int | None = None) -> list[Change]:
    """The identities that are not what they were, the most changed first.

    Args:
        session: A session.
        before: A clustering; None for the last but one, or for the last where `after` is None and somebody decided
            something since.
        after: A later clustering; None for the identities as they are now.

    Raises:
        QueryError: There is no such clustering, or its members are not kept any more.
    """
    now = _members(session, after) if after is not None else _current(session)
    if before is None:
        runs = [run.clustering for run in list_runs(session) if run.has_members and run.clustering != after]
        earlier = [run for run in runs if after is None or run < after]
        before = next((run for run in earlier if _members(session, run) != now), None)
        if before is None:
            return []
    return _changes(session, _members(session, before), now)


@once_more
def roll_back(database: Database, clustering: int) -> int:
    """Make an earlier clustering the current one, as a run of its own; gives its number.

    Sightings that are newer stay what they are, and what operators decided since holds.

    Raises:
        QueryError: There is no such clustering, or its members are not kept any more.
    """
    with database.session() as session:
        lock_identities(session)
        model = model_in_use(session)
        numbers = {s: i for s, i in _current(session).items() if i is not None} | _members(session, clustering)
        ids, embeddings = vectors.load(session, None, model.id)
        known = np.array([sighting in numbers for sighting in ids.tolist()], bool)
        ids, embeddings = ids[known], embeddings[known]
        groups = np.array([numbers[sighting] for sighting in ids.tolist()], np.int64)
        groups = respect(embeddings, groups, load_constraints(session, ids))
        parameters = {"method": "rollback", "to": clustering, "state": state(session, model.id)}
        run, _ = store_run(session, dict(zip(ids.tolist(), groups.tolist(), strict=True)), parameters, numbers)
        run.metrics = {"sightings": len(ids), "identities": len(np.unique(groups))}
        return run.id


def _current(session: Session) -> dict[int, int]:
    rows = select(SightingRow.id, SightingRow.identity_id).where(SightingRow.identity_id.is_not(None))
    return {sighting: identity for sighting, identity in session.execute(rows) if identity is not None}


def _members(session: Session, clustering: int) -> dict[int, int]:
    rows = select(Membership.sighting_id, Membership.identity_id).where(Membership.clustering_id == clustering)
    members: dict[int, int] = dict(session.execute(rows).all())
    if not members and session.get(Clustering, clustering) is None:
        raise QueryError(f"no clustering has the number {clustering}", next_step="See `surveil identities runs`.")
    if not members:
        raise QueryError("its members are not kept any more", f"clustering {clustering}", "Take a newer one.")
    return members


def _changes(session: Session, before: Mapping[int, int], after: Mapping[int, int]) -> list[Change]:
    came: dict[int, Counter[int | None]] = defaultdict(Counter)
    went: dict[int, Counter[int | None]] = defaultdict(Counter)
    for sighting in before.keys() | after.keys():
        source, target = before.get(sighting), after.get(sighting)
        if source != target:
            if target is not None:
                came[target][source] += 1
            if source is not None:
                went[source][target] += 1
    sizes = Counter(before.values()), Counter(after.values())
    names: dict[int, str | None] = dict(session.execute(select(Identity.id, Identity.name)).all())
    changes = [
        Change(i, names.get(i), sizes[0][i], sizes[1][i], dict(came[i]), dict(went[i]))
        for i in came.keys() | went.keys()
    ]
    return sorted(changes, key=lambda change: (-_extent(change), change.identity))


def _extent(change: Change) -> int:
    return sum(change.came.values()) + sum(change.went.values())
