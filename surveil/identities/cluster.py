"""A clustering: one run that groups all sightings, stored beside the earlier ones."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from surveil.identities.linkage import Pairs, average_linkage, check_size, seen_together
from surveil.store import vectors
from surveil.store.models import model_in_use
from surveil.store.session import Database
from surveil.store.tables import Clustering, Embedding, Identity, Membership, SightingRow


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
        threshold: Least mean similarity of two groups that were taken for one person.
        seconds: Wall-clock time.
    """

    clustering: int
    sightings: int
    identities: int
    largest: int
    single: int
    kept_apart: int
    threshold: float
    seconds: float


def cluster(database: Database, threshold: float | None = None) -> Outcome:
    """Group the sightings that have an embedding of the model in use, and store the result in one transaction.

    An identity that exists goes to the group that holds most of its sightings, so numbers and names stay.

    Args:
        database: Where the sightings are.
        threshold: Two groups are one person while the mean similarity between them is at least this; None for what
            suits the model in use, as its card tells.

    Raises:
        StoreError: Nothing was ingested yet, or there are too many sightings.
    """
    started = time.perf_counter()
    with database.session() as session:
        model = model_in_use(session)
        if threshold is None:
            threshold = model.cluster_threshold
        check_size(session.scalar(select(func.count()).where(Embedding.model_id == model.id)) or 0)
        ids, embeddings = vectors.load(session, None, model.id)
        apart = _pairs_apart(session, ids)
    group_of = dict(zip(ids.tolist(), average_linkage(embeddings, threshold, apart).tolist(), strict=True))
    parameters = {"method": "average linkage", "threshold": threshold, "model": model.sha256}
    with database.session() as session:
        run = Clustering(made_at=datetime.now(UTC), parameters=parameters, metrics={})
        session.add(run)
        session.flush()  # from here on nobody else writes to SQLite; the rows are locked for Postgres
        locked = select(SightingRow.id, SightingRow.identity_id).with_for_update()
        before: dict[int, int | None] = dict(session.execute(locked).all())
        group_of = {sighting: group for sighting, group in group_of.items() if sighting in before}
        identities = _identities(session, group_of, before)
        _assign(session, run.id, {sighting: identities[group] for sighting, group in group_of.items()})
        sizes = Counter(group_of.values())
        outcome = Outcome(
            clustering=run.id,
            sightings=len(group_of),
            identities=len(sizes),
            largest=max(sizes.values(), default=0),
            single=sum(size == 1 for size in sizes.values()),
            kept_apart=len(apart),
            threshold=threshold,
            seconds=round(time.perf_counter() - started, 3),
        )
        run.metrics = {name: value for name, value in asdict(outcome).items() if name != "clustering"}
    return outcome


def _pairs_apart(session: Session, ids: NDArray[np.int64]) -> Pairs:
    """Which of the sightings, by their places in `ids`, were in view of one camera at the same moment."""
    # Footage, not camera: two recordings of one camera may overlap (pre-roll), and then do show one person twice.
    columns = select(SightingRow.id, SightingRow.footage_id, SightingRow.first_seen, SightingRow.last_seen)
    rows = {row.id: row for row in session.execute(columns)}
    present = [(place, rows[sighting]) for place, sighting in enumerate(ids.tolist()) if sighting in rows]
    places = np.array([place for place, _ in present], np.int64)
    pairs = seen_together(
        np.array([row.footage_id for _, row in present], np.int64),
        np.array([row.first_seen.timestamp() for _, row in present], np.float64),
        np.array([row.last_seen.timestamp() for _, row in present], np.float64),
    )
    return places[pairs]


def match_groups(
    group_of: Mapping[int, int], before: Mapping[int, int | None], names: Mapping[int, str | None]
) -> dict[int, int]:
    """Which existing identity each group continues; every identity and every group once, the largest overlap first.

    Args:
        group_of: Group of each sighting.
        before: Identity that each sighting had.
        names: Name of each identity; at equal overlap one with a name goes first, then the lower number.
    """
    shared = Counter((group, before[sighting]) for sighting, group in group_of.items())
    overlaps = [
        (-n, names.get(identity) is None, identity, group) for (group, identity), n in shared.items() if identity
    ]
    continues: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, identity, group in sorted(overlaps):
        if group not in continues and identity not in taken:
            continues[group] = identity
            taken.add(identity)
    return continues


def _identities(session: Session, group_of: Mapping[int, int], before: Mapping[int, int | None]) -> dict[int, int]:
    """The identity of each group: one that exists, or a new one."""
    names: dict[int, str | None] = dict(session.execute(select(Identity.id, Identity.name)).all())
    identities = match_groups(group_of, before, names)
    new = sorted(set(group_of.values()) - identities.keys())
    if new:
        made = session.scalars(insert(Identity).returning(Identity.id), [{"name": None}] * len(new)).all()
        identities |= dict(zip(new, sorted(made), strict=True))
    return identities


def _assign(session: Session, clustering: int, identity_of: Mapping[int, int]) -> None:
    """Record the memberships and make them the current ones; a sighting outside the run has no identity any more."""
    current = update(SightingRow).execution_options(synchronize_session=False)
    session.execute(current.where(SightingRow.identity_id.is_not(None)).values(identity_id=None))
    rows = [{"clustering_id": clustering, "sighting_id": s, "identity_id": i} for s, i in identity_of.items()]
    if rows:
        session.execute(insert(Membership), rows)
        session.execute(update(SightingRow), [{"id": s, "identity_id": i} for s, i in identity_of.items()])
