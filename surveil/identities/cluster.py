"""A clustering: one run that groups all sightings, stored beside the earlier ones."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from surveil.errors import QueryError
from surveil.identities.constraints import Constraints
from surveil.identities.evidence import load_constraints
from surveil.identities.graph import Ids, Vectors
from surveil.identities.grouping import group_sightings
from surveil.identities.history import known_identities, last_decision
from surveil.identities.methods import Method, group_into, respect
from surveil.identities.numbers import assign, number_identities
from surveil.store import vectors
from surveil.store.locks import lock_identities
from surveil.store.models import StoredCard, model_in_use
from surveil.store.retry import once_more
from surveil.store.session import Database
from surveil.store.tables import Clustering, Embedding, Membership, SightingRow

KEPT_RUNS = 20
"""Runs whose memberships are kept, for going back; of older ones only what they came to."""

LOADED, GROUPED = 0.1, 0.9
"""The part that is done when the embeddings are there, and when they are grouped."""


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
        seconds: Wall-clock time.
    """

    clustering: int
    sightings: int
    identities: int
    largest: int
    single: int
    kept_apart: int
    threshold: float | None
    seconds: float


def cluster(
    database: Database,
    threshold: float | None = None,
    *,
    method: Method = "graph",
    people: int | None = None,
    tell: Callable[[float], object] = lambda _: None,
) -> Outcome:
    """Group the sightings that have an embedding of the model in use, and store the result in one transaction.

    An identity that exists goes to the group that holds most of its sightings, so numbers and names stay. What
    operators decided holds, also what they decide while this runs.

    Args:
        database: Where the sightings are.
        threshold: Two groups are one person while the mean similarity between them is at least this; None for what
            suits the model in use, as its card tells.
        method: "graph", or one of the report's methods.
        people: How many groups the report's methods shall make.
        tell: Told the part that is done, 0 to 1; what it raises ends the work, and nothing is stored.

    Raises:
        StoreError: Nothing was ingested yet.
        QueryError: `people` does not fit the method or the sightings.
    """
    started = time.perf_counter()
    if (people is None) != (method == "graph"):
        what = "needs a" if people is None else "takes no"
        raise QueryError(f"the method {method} {what} number of people", "--people")
    with database.session() as session:
        model = model_in_use(session)
        threshold = model.cluster_threshold if threshold is None else threshold
        parameters = _parameters(session, model, threshold, method, people)
        ids, embeddings = vectors.load(session, None, model.id)
        constraints = load_constraints(session, ids)
    tell(LOADED)
    groups = _group(
        embeddings, threshold, method, people, constraints, lambda part: tell(LOADED + (GROUPED - LOADED) * part)
    )
    tell(GROUPED)

    @once_more
    def store() -> Outcome:
        held, grouped = constraints, groups
        with database.session() as session:
            lock_identities(session)
            if last_decision(session) != parameters["state"]["decision"]:
                held = load_constraints(session, ids)
                grouped = respect(embeddings, groups, held)
            run, identity_of = store_run(session, dict(zip(ids.tolist(), grouped.tolist(), strict=True)), parameters)
            outcome = _outcome(run.id, identity_of, held, threshold if people is None else None, started)
            run.metrics = {name: value for name, value in asdict(outcome).items() if name != "clustering"}
        return outcome

    return store()


def _outcome(
    run: int,
    identity_of: Mapping[int, int],
    constraints: Constraints,
    threshold: float | None,
    started: float,
) -> Outcome:
    sizes = Counter(identity_of.values())
    return Outcome(
        clustering=run,
        sightings=len(identity_of),
        identities=len(sizes),
        largest=max(sizes.values(), default=0),
        single=sum(size == 1 for size in sizes.values()),
        kept_apart=constraints.overlaps(),
        threshold=threshold,
        seconds=round(time.perf_counter() - started, 3),
    )


def state(session: Session, model_id: int) -> dict[str, int]:
    """What a run depends on: which sightings the model has described, and what was decided."""
    described = select(func.count(), func.coalesce(func.sum(Embedding.sighting_id), 0))
    count, total = session.execute(described.where(Embedding.model_id == model_id)).one()
    return {"sightings": count, "sum": int(total), "decision": last_decision(session)}


def is_current(
    database: Database, threshold: float | None = None, *, method: Method = "graph", people: int | None = None
) -> bool:
    """Whether the newest run knew all that such a one would know now: sightings, decisions, model and threshold.

    After going back to an older run nothing is new until something happens.

    Raises:
        StoreError: Nothing was ingested yet.
    """
    with database.session() as session:
        model = model_in_use(session)
        asked = _parameters(session, model, model.cluster_threshold if threshold is None else threshold, method, people)
        newest = session.scalars(select(Clustering.parameters).order_by(Clustering.id.desc()).limit(1)).first() or {}
    if newest.get("method") == "rollback":
        asked = {"state": asked["state"]}
    return all(newest.get(name) == value for name, value in asked.items())


def _parameters(
    session: Session, model: StoredCard, threshold: float, method: Method, people: int | None
) -> dict[str, Any]:
    told = {"threshold": threshold} if people is None else {"people": people}
    return {"method": method, "model": model.sha256, "state": state(session, model.id), **told}


def store_run(
    session: Session,
    group_of: Mapping[int, int],
    parameters: dict[str, Any],
    numbers: Mapping[int, int] | None = None,
) -> tuple[Clustering, dict[int, int]]:
    """Store a grouping as a run of its own and make it the current one; gives the run and each sighting's identity.

    Sightings that are gone are left out; those outside the grouping have no identity any more.

    Args:
        session: A session that holds the lock.
        group_of: Group of each sighting.
        parameters: What the run was asked for.
        numbers: The identity that each sighting shall keep if it can; None for the one it has.
    """
    run = Clustering(made_at=datetime.now(UTC), parameters=parameters, metrics={})
    session.add(run)
    session.flush()
    # They cannot go until the end of the transaction; in order, so that two who lock them do not wait for each other.
    present = select(SightingRow.id, SightingRow.identity_id).order_by(SightingRow.id)
    before: dict[int, int | None] = dict(session.execute(present.with_for_update(read=True, key_share=True)).all())
    known = known_identities(session)
    kept = {s: (numbers or before).get(s) or identity or known.get(s) for s, identity in before.items()}
    identity_of = number_identities(session, {s: g for s, g in group_of.items() if s in before}, kept)
    if identity_of:
        rows = [{"clustering_id": run.id, "sighting_id": s, "identity_id": i} for s, i in identity_of.items()]
        session.execute(insert(Membership), rows)
    assign(session, {s: identity_of.get(s) for s in before}, before)
    newest = select(Clustering.id).order_by(Clustering.id.desc()).limit(KEPT_RUNS)
    session.execute(delete(Membership).where(Membership.clustering_id.not_in(newest)))
    return run, identity_of


def _group(
    embeddings: Vectors,
    threshold: float,
    method: Method,
    people: int | None,
    constraints: Constraints,
    tell: Callable[[float], object],
) -> Ids:
    if people is not None:
        return group_into(embeddings, people, method, constraints)
    return group_sightings(embeddings, threshold, constraints, tell=tell)
