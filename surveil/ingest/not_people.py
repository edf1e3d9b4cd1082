"""What was taken for people, never moves and looks like nobody: not stored, but counted, place by place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from surveil.boxes import box_iou
from surveil.people.still import never_moves
from surveil.types import Appearance, Floats, FootageWarning, State, Track

SAME_PLACE = 0.5
"""Overlap (intersection over union) of the boxes of two tracks that are of one thing."""
MAX_PLACES = 100
"""Things that are told apart; the last stands for all that follow."""
PERSON = 0.5
"""Least score of a crop that looks like a person; see `surveil.types.Appearance`."""


def is_nobody(track: Track, appearances: Sequence[Appearance]) -> bool:
    """Whether a track never moves and none of its crops looks like a person."""
    return max(appearance.person for appearance in appearances) < PERSON and never_moves(track)


@dataclass(slots=True)
class _Place:
    """Where a thing stands (x1, y1, x2, y2 in pixels), from when to when it was taken for somebody, and how often."""

    box: list[float]
    start: float
    end: float
    tracks: int


class NotPeople:
    """Tracks of one piece of footage that were left out.

    Example:
        >>> left_out = NotPeople()
        >>> left_out.add(track)
        >>> left_out.warnings()
    """

    def __init__(self) -> None:
        self._places: list[_Place] = []

    def __len__(self) -> int:
        """How many tracks."""
        return sum(place.tracks for place in self._places)

    def add(self, track: Track) -> None:
        """Count a track."""
        box = np.median(track.boxes, axis=0).astype(np.float32)
        begin, end = float(track.seconds[0]), float(track.seconds[-1])
        place = self._place_of(box)
        if place is None:
            self._places.append(_Place(box.tolist(), begin, end, 1))
        else:
            place.start, place.end = min(place.start, begin), max(place.end, end)
            place.tracks += 1

    def warnings(self) -> tuple[FootageWarning, ...]:
        """One for each thing."""
        return tuple(
            FootageWarning("not_people", place.start, place.end, {"tracks": place.tracks}) for place in self._places
        )

    def state(self) -> list[Any]:
        """All that it knows, for `restore`."""
        return [asdict(place) for place in self._places]

    def restore(self, state: Sequence[State]) -> None:
        """Go on where another one stopped."""
        self._places = [_Place(**values) for values in state]

    def _place_of(self, box: Floats) -> _Place | None:
        """The thing that a box shows, if it is known."""
        if not self._places:
            return None
        overlaps = box_iou(box[None], np.array([place.box for place in self._places], np.float32))[0]
        if overlaps.max() >= SAME_PLACE:
            return self._places[int(overlaps.argmax())]
        return self._places[-1] if len(self._places) == MAX_PLACES else None
