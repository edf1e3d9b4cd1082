"""New sightings join the identities that there are, until the next clustering groups all of them."""

from __future__ import annotations

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from surveil.identities.constraints import Constraints
from surveil.identities.evidence import load_constraints
from surveil.identities.graph import Ids, Vectors
from surveil.identities.history import known_identities
from surveil.identities.numbers import assign
from surveil.store import vectors
from surveil.store.locks import lock_identities
from surveil.store.models import model_in_use
from surveil.store.retry import once_more
from surveil.store.session import Database
from surveil.store.tables import Clustering, SightingRow
from surveil.types import Floats

MARGIN = 0.05
"""How far above the threshold of a clustering one must be, and above the second best: who is in doubt waits."""


@once_more
def join_new(database: Database, threshold: float | None = None) -> int:
    """Give sightings without an identity that of the person they clearly show; gives how many it gave.

    An identity that operators know a sighting by, from before its footage was ingested anew, comes first. Nothing is
    done before the first clustering.

    Args:
        database: Where the sightings are.
        threshold: That of a clustering; None for what suits the model in use.
    """
    with database.session() as session:
        if session.scalar(select(Clustering.id).limit(1)) is None or not _waiting(session):
            return 0
        lock_identities(session)
        model = model_in_use(session)
        ids, embeddings = vectors.load(session, None, model.id)
        rows: dict[int, int | None] = dict(session.execute(select(SightingRow.id, SightingRow.identity_id)).all())
        known = known_identities(session)
        before = [rows.get(sighting) for sighting in ids.tolist()]
        now = np.array([i or known.get(s) or 0 for s, i in zip(ids.tolist(), before, strict=True)], np.int64)
        least = MARGIN + (model.cluster_threshold if threshold is None else threshold)
        joined = _join(embeddings, now, least, load_constraints(session, ids))
        after = {s: int(i) or None for s, i in zip(ids.tolist(), joined.tolist(), strict=True)}
        changed = {s: i for (s, i), had in zip(after.items(), before, strict=True) if had is None and i is not None}
        assign(session, changed, dict.fromkeys(changed))
    return len(changed)


def _waiting(session: Session) -> bool:
    return session.scalar(select(SightingRow.id).where(SightingRow.identity_id.is_(None)).limit(1)) is not None


def _join(embeddings: Vectors, identity: Ids, least: float, constraints: Constraints) -> Ids:
    """(n,) identity of each sighting, 0 for none: those who had none join the one they clearly show."""
    identity = identity.copy()
    numbers, label, sizes = np.unique(identity[identity > 0], return_inverse=True, return_counts=True)
    if not len(numbers):
        return identity
    there = np.flatnonzero(identity > 0)[np.argsort(label, kind="stable")]
    starts = sizes.cumsum() - sizes
    sums: Floats = np.add.reduceat(embeddings[there].astype(np.float32), starts, axis=0)
    means = sums / sizes.astype(np.float32)[:, None]
    for new in np.flatnonzero(identity == 0).tolist():
        similarity = means @ embeddings[new].astype(np.float32)
        best = int(similarity.argmax())
        second = np.delete(similarity, best).max(initial=-1.0)
        members = np.flatnonzero(identity == numbers[best])
        clear = similarity[best] >= least and similarity[best] - second >= MARGIN
        group = np.concatenate([np.zeros(len(members), np.int64), [1]])
        if clear and not constraints.conflicts(np.append(members, new), group, 2).any():
            identity[new] = numbers[best]
    return identity
