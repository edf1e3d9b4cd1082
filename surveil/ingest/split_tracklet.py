"""ID switches: trackers follow boxes, and people who cross can swap theirs, so that a track passes to another person.

Nothing in the boxes tells; what the crops look like does. A track whose crops before some moment resemble those after
it less than one person resembles herself is cut there (after the tracklet splitting of Wang et al., "Split and connect:
a universal tracklet booster for multi-object tracking", IEEE Transactions on Multimedia, 2022).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from surveil.types import Appearance, Crop, Floats, Track

MIN_ONE_PERSON = 0.97
"""Of two halves of a track that show one person less probably, going by their mean similarity, each shows another.

Probabilities are of pairs across cameras; within one track everybody resembles herself much more, so this is strict. On
the sample footage 0.7 leaves three swapped tracks whole that 0.97 cuts.
"""
MIN_CROPS = 2
"""On either side, and alike: a single crop that differs is a person half hidden, more often than another one."""

Described = tuple[Track, list[Appearance]]


def split_tracklet(track: Track, appearances: Sequence[Appearance], min_similarity: float) -> list[Described]:
    """The parts of a track that show one person each, with the appearances of their crops.

    Args:
        track: Crops in any order.
        appearances: One per crop.
        min_similarity: Mean similarity of the halves of a track from which on they are taken for one person.
    """
    order = sorted(range(len(track.crops)), key=lambda index: track.crops[index].seconds)
    crops = [track.crops[index] for index in order]
    of_crops = [appearances[index] for index in order]
    return [
        (_between(track, crops[first:last], _gap(crops, first), _gap(crops, last)), of_crops[first:last])
        for first, last in _parts(np.stack([look.embedding for look in of_crops]), 0, min_similarity)
    ]


def _parts(embeddings: Floats, first: int, minimum: float) -> list[tuple[int, int]]:
    """Ranges of crops that show one person each; `first` is the number of the first crop."""
    n = len(embeddings)
    similarities = embeddings @ embeddings.T
    across = {
        at: float(similarities[:at, at:].mean())
        for at in range(MIN_CROPS, n - MIN_CROPS + 1)
        if min(similarities[at - MIN_CROPS, at - 1], similarities[at, at + MIN_CROPS - 1]) >= minimum
    }
    worst = min(across, key=lambda at: across[at], default=None)
    if worst is None or across[worst] >= minimum:
        return [(first, first + n)]
    return _parts(embeddings[:worst], first, minimum) + _parts(embeddings[worst:], first + worst, minimum)


def _gap(crops: list[Crop], at: int) -> float:
    """The moment between two crops; before the first one and after the last one there is no end."""
    if at in (0, len(crops)):
        return -np.inf if at == 0 else np.inf
    return (crops[at - 1].seconds + crops[at].seconds) / 2


def _between(track: Track, crops: list[Crop], begin: float, end: float) -> Track:
    inside = (track.seconds >= begin) & (track.seconds < end)
    return dataclasses.replace(
        track,
        seconds=track.seconds[inside],
        boxes=track.boxes[inside],
        scores=track.scores[inside],
        crops=tuple(crops),
    )
