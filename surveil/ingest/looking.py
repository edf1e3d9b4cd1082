"""Finding people frame by frame; where nothing has changed in the picture, those who were found before are taken."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from surveil.boxes import box_iou
from surveil.types import Detections, Frame, Image, State

SAME_IOU = 0.5
"""Overlap (intersection over union) from which on two boxes are of one person who was found twice."""
AT_ONCE = 2
"""Batches at the detector: while its network is at one, the other is scaled for it, or its answers are read."""


class Looking:
    """Asks the detector about frames of one piece of footage, and spares it those that are still.

    What one look found might be an error that the next one would not make, and must not last: it is taken for a still
    frame only if the look before agrees (before the first one there was nobody). A frame counts as new now and then all
    the same (`surveil.footage.motion`).

    Args:
        detect: The detector: one answer for each picture. Threads may call it at once.
    """

    def __init__(self, detect: Callable[[Sequence[Image]], list[Detections]]) -> None:
        self._detect = detect
        self._last = Detections.none()
        self._is_sure = False

    def state(self) -> State:
        """What `restore` needs to go on from here."""
        return {"boxes": self._last.boxes, "scores": self._last.scores, "is_sure": self._is_sure}

    def restore(self, state: State) -> None:
        """Go on from where another one stood."""
        self._last, self._is_sure = Detections(state["boxes"], state["scores"]), state["is_sure"]

    def look(self, batches: Iterable[list[Frame]]) -> Iterator[tuple[list[Frame], list[Detections]]]:
        """Each batch, and the people in each of its frames; the new ones are given to the detector together."""
        asked: deque[tuple[list[Frame], Future[list[Detections]]]] = deque()
        with ThreadPoolExecutor(AT_ONCE, "detector") as pool:
            for batch in batches:
                asked.append((batch, pool.submit(self._detect_new, batch)))
                if len(asked) == AT_ONCE:
                    yield self._settle(*asked.popleft())
            while asked:
                yield self._settle(*asked.popleft())

    def _detect_new(self, batch: list[Frame]) -> list[Detections]:
        new = [frame.image for frame in batch if not frame.is_still]
        return self._detect(new) if new else []

    def _settle(self, batch: list[Frame], asked: Future[list[Detections]]) -> tuple[list[Frame], list[Detections]]:
        found = iter(asked.result())
        return batch, [self._again(frame) if frame.is_still else self._learn(next(found)) for frame in batch]

    def _again(self, frame: Frame) -> Detections:
        return self._last if self._is_sure else self._learn(self._detect([frame.image])[0])

    def _learn(self, people: Detections) -> Detections:
        self._is_sure = _agree(people, self._last)
        self._last = people
        return people


def _agree(one: Detections, other: Detections) -> bool:
    """Whether both show the same people."""
    if len(one) != len(other):
        return False
    same = box_iou(one.boxes, other.boxes) >= SAME_IOU
    return bool(same.any(axis=0).all() and same.any(axis=1).all())
