"""Many embeddings made from few real ones: new people who are as hard to tell apart as the real ones are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surveil.model.embed import l2_normalize
from surveil.types import Floats

Ids = NDArray[np.int64]
_MIXED = 3


def many_people(embeddings: Floats, ids: Ids, count: int, *, noise: float = 0.3, seed: int = 0) -> tuple[Floats, Ids]:
    """More embeddings like these.

    A made-up person lies between some real ones; what makes the first one's pictures differ from each other is added,
    and noise besides.

    Args:
        embeddings: (n, d) of unit length.
        ids: (n,) who they show; two people at least.
        count: How many are wanted.
        noise: Length of the noise that is added to each.
        seed: Decides who is made up.

    Returns:
        (count, d) of unit length and (count,) who they show.
    """
    people, person, sizes = np.unique(ids, return_inverse=True, return_counts=True)
    order, starts = np.argsort(person, kind="stable"), sizes.cumsum() - sizes
    means = np.add.reduceat(embeddings[order], starts, axis=0) / sizes[:, None]
    random = np.random.default_rng(seed)
    made, shown = np.empty((count, embeddings.shape[1]), np.float32), np.empty(count, np.int64)
    done = number = 0
    while done < count:
        mixed = random.choice(len(people), min(_MIXED, len(people)), replace=False)
        first = mixed[0]
        pictures = order[starts[first] : starts[first] + sizes[first]][: count - done]
        centre = random.dirichlet(np.full(len(mixed), 2.0)) @ means[mixed]
        centre *= np.linalg.norm(means[first]) / np.linalg.norm(centre)
        block = centre + embeddings[pictures] - means[first]
        block += random.normal(scale=noise / np.sqrt(block.shape[1]), size=block.shape)
        made[done : done + len(block)], shown[done : done + len(block)] = l2_normalize(block.astype(np.float32)), number
        done, number = done + len(block), number + 1
    return made, shown
