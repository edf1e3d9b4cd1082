"""A clustering: one run that groups all sightings, stored beside the earlier ones."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session

from surveil.errors import QueryError
from surveil.identities.constraints import Constraints
from surveil.identities.evidence import load_constraints
from surveil.identities.graph import Ids, Vectors
from surveil.identities.grouping import group_sightings
from surveil.identities.methods import Method, group_into
from surveil.identities.numbers import number_identities
from surveil.store import vectors
from surveil.store.models import model_in_use
from surveil.store.session import Database
from surveil.store.tables import Clustering, Membership, SightingRow

KEPT_RUNS = 20
"""Runs whose memberships are kept, for going back; of older ones only what they came to."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a clustering came to.

    Attributes:
        clustering: Its id.
        sightings: How many were grouped.
        identities: How many groups they made.
        largest: Sightings of the largest.
        single: Identities of one sighting.
        kept_apart: Pairs that were in view of one camera at the same moment.
        threshold: Least mean similarity of two groups that were taken for one person; None where the method has none.
        recall: Share of each sighting's neighbours that were looked at, measured on a sample.
        seconds: Wall-clock time.
    """

    clustering: int
    sightings: int
    identities: int
    largest: int
    single: int
    kept_apart: int
    threshold: float | None
    recall: float
    seconds: float


def cluster(
    database: Database, threshold: float | None = None, *, method: Method = "graph", people: int | None = None
) -> Outcome:
    """Group the sightings that have an embedding of the model in use, and store the result in one transaction.

    An identity that exists goes to the group that holds most of its sightings, so numbers and names stay.

    Args:
        database: Where the sightings are.
        threshold: Two groups are one person while the mean similarity between them is at least this; None for what
            suits the model in use, as its card tells.
        method: "graph", or one of the report's methods.
        people: How many groups the report's methods shall make.

    Raises:
        StoreError: Nothing was ingested yet.
        QueryError: `people` does not fit the method or the sightings.
    """
    started = time.perf_counter()
    if (people is None) != (method == "graph"):
        raise QueryError(
            f"the method {method} {'needs a' if people is None else 'takes no'} number of people", "--people"
        )
    with database.session() as session:
        model = model_in_use(session)
        ids, embeddings = vectors.load(session, None, model.id)
        constraints = load_constraints(session, ids)
    if threshold is None:
        threshold = model.cluster_threshold
    groups, recall = _group(embeddings, threshold, method, people, constraints)
    parameters: dict[str, Any] = {"method": method, "model": model.sha256}
    parameters |= {"threshold": threshold} if people is None else {"people": people}
    with database.session() as session:
        lock_identities(session)
        run, identity_of = store_run(session, dict(zip(ids.tolist(), groups.tolist(), strict=True)), parameters)
        sizes = Counter(identity_of.values())
        outcome = Outcome(
            clustering=run.id,
            sightings=len(identity_of),
            identities=len(sizes),
            largest=max(sizes.values(), default=0),
            single=sum(size == 1 for size in sizes.values()),
            kept_apart=constraints.overlaps(),
            threshold=threshold if people is None else None,
            recall=recall,
            seconds=round(time.perf_counter() - started, 3),
        )
        run.metrics = {name: value for name, value in asdict(outcome).items() if name != "clustering"}
    return outcome


def lock_identities(session: Session) -> None:
    """Wait until nobody else changes identities, and let nobody do so until the transaction ends.

    SQLite has one writer at a time, from the first statement that writes.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE decision IN SHARE ROW EXCLUSIVE MODE"))
    else:
        session.execute(delete(Clustering).where(Clustering.id.is_(None)))


def store_run(
    session: Session, group_of: Mapping[int, int], parameters: dict[str, Any]
) -> tuple[Clustering, dict[int, int]]:
    """Store a grouping as a run of its own and make it the current one; gives the run and each sighting's identity.

    Sightings that are gone are left out; those outside the grouping have no identity any more.
    """
    run = Clustering(made_at=datetime.now(UTC), parameters=parameters, metrics={})
    session.add(run)
    session.flush()
    # They cannot go until the end of the transaction; in order, so that two who lock them do not wait for each other.
    present = select(SightingRow.id, SightingRow.identity_id).order_by(SightingRow.id)
    before: dict[int, int | None] = dict(session.execute(present.with_for_update(read=True, key_share=True)).all())
    identity_of = number_identities(session, {s: g for s, g in group_of.items() if s in before}, before)
    if identity_of:
        rows = [{"clustering_id": run.id, "sighting_id": s, "identity_id": i} for s, i in identity_of.items()]
        session.execute(insert(Membership), rows)
    assign(session, {s: identity_of.get(s) for s in before}, before)
    kept = select(Clustering.id).order_by(Clustering.id.desc()).limit(KEPT_RUNS)
    session.execute(delete(Membership).where(Membership.clustering_id.not_in(kept)))
    return run, identity_of


def assign(session: Session, after: Mapping[int, int | None], before: Mapping[int, int | None]) -> None:
    """Give sightings another identity, where it is another; in the order of their ids."""
    changed = [{"id": s, "identity_id": after[s]} for s in sorted(after) if after[s] != before[s]]
    if changed:
        session.execute(update(SightingRow), changed)


def _group(
    embeddings: Vectors, threshold: float, method: Method, people: int | None, constraints: Constraints
) -> tuple[Ids, float]:
    if people is not None:
        return group_into(embeddings, people, method, constraints), 1.0
    grouping = group_sightings(embeddings, threshold, constraints)
    return grouping.groups, grouping.recall
