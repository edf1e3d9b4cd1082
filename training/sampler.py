"""Batches of P identities with K images each (Hermans et al., "In defense of the triplet loss", 2017)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray


def identity_batches(
    ids: NDArray[np.int64], pools: Sequence[tuple[NDArray[np.int64], int]], images: int, seed: int, first_step: int = 0
) -> Iterator[NDArray[np.int64]]:
    """Endless batches of image indices.

    Args:
        ids: (N,) identity of every image.
        pools: Which identities to draw from and how many of them a batch takes, each pool in turn.
        images: K, images of each identity; drawn with replacement only when it has fewer.
        seed: With the step it decides the batch, so that a resumed run goes on as if it had never stopped.
        first_step: The step of the first batch.
    """
    members = {int(person): np.flatnonzero(ids == person) for person in np.unique(ids)}
    step = first_step
    while True:
        rng = np.random.default_rng((seed, step))
        people = [person for pool, count in pools for person in rng.choice(pool, count, replace=False)]
        chosen = [members[int(person)] for person in people]
        yield np.concatenate([rng.choice(own, images, replace=len(own) < images) for own in chosen])
        step += 1
