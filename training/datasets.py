"""What a run learns from: images decoded once and kept in memory, with identities, cameras and attributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surveil.types import Floats


@dataclass(frozen=True, slots=True)
class PersonImages:
    """N images of known people.

    Attributes:
        images: (N, H, W, 3) uint8 BGR.
        ids: (N,) int64 identities.
        cameras: (N,) int64 cameras.
        targets: (N, 32) the outputs as they should be (0 or 1); NaN where the attributes are not known.
    """

    images: NDArray[np.uint8]
    ids: NDArray[np.int64]
    cameras: NDArray[np.int64]
    targets: Floats

    def __len__(self) -> int:
        return len(self.ids)

    def of(self, chosen: NDArray[np.bool_]) -> PersonImages:
        """The images for which `chosen` (N,) is true."""
        return PersonImages(self.images[chosen], self.ids[chosen], self.cameras[chosen], self.targets[chosen])


def split_identities(ids: NDArray[np.int64], share: float, seed: int) -> NDArray[np.bool_]:
    """(N,) true where an image belongs to a held-out identity; no identity is on both sides."""
    people = np.unique(ids)
    order = np.random.default_rng(seed).permutation(people)
    return np.isin(ids, order[: round(share * len(people))])


def join(sets: Sequence[PersonImages]) -> PersonImages:
    """Several sets as one; identities are renumbered so that those of different sets differ."""
    ids, first = [], 0
    for part in sets:
        _, numbers = np.unique(part.ids, return_inverse=True)
        ids.append(numbers.astype(np.int64) + first)
        first += int(numbers.max()) + 1
    return PersonImages(
        np.concatenate([part.images for part in sets]),
        np.concatenate(ids),
        np.concatenate([part.cameras for part in sets]),
        np.concatenate([part.targets for part in sets]),
    )
