"""The best matches of an example in a better order: re-ranked by mutual neighbours."""

from __future__ import annotations

import numpy as np

from surveil.reranking import reranked_similarities
from surveil.search.rank import Example, RankedSighting
from surveil.store.models import model_in_use
from surveil.store.session import Database

POOL = 200
"""So many of the best matches are re-ranked among each other: the work grows with the square."""
NEIGHBOURS = 20
"""Re-ranking compares neighbourhoods of this size; fewer matches than that stay as they are."""


def refined(database: Database, example: Example, found: list[RankedSighting]) -> list[RankedSighting]:
    """The matches re-ranked by k-reciprocal neighbours; similarity and probability of each stay what they were.

    Two people look alike when they are among each other's nearest (Zhong et al., "Re-ranking person re-identification
    with k-reciprocal encoding", CVPR 2017); matches that resemble the first ones rise.

    Args:
        database: Where the embeddings are.
        example: What was searched for.
        found: Its best matches.
    """
    if len(found) <= NEIGHBOURS:
        return found
    with database.session() as session:
        model = model_in_use(session)
    ids, vectors = database.vectors.load([sighting.sighting for sighting in found], model.id)
    scores = reranked_similarities(example.embedding[None], vectors, k1=NEIGHBOURS)[0]
    score_of = dict(zip(ids.tolist(), scores.tolist(), strict=True))
    order = np.argsort([-score_of.get(sighting.sighting, -1.0) for sighting in found], kind="stable")
    return [found[place] for place in order]
