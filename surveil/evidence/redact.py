"""Making the others in a picture unrecognisable: every person who is found, but the chosen one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from surveil.boxes import box_iou
from surveil.types import Detections, Floats, Frame, Image

BLOCKS = 4, 8
"""What is left of a person: so many blocks of one colour each, across and down."""
MARGIN = 0.15
"""What a box is enlarged by on each side, in parts of its own."""
NEIGHBOURS = 3
"""In so many frames before and after, somebody who was found is covered too: detectors miss single frames."""
SAME = 0.4
"""Intersection over union from which on a detection is the chosen person."""

DetectPeople = Callable[[Image], Detections]


def redacted(frames: Iterable[Frame], detect: DetectPeople, chosen: Floats | None) -> Iterator[Frame]:
    """The frames with everybody pixelated but the chosen person; where the two overlap, the others go before.

    Args:
        frames: In order of time.
        detect: Finds people in a picture.
        chosen: (n, 6) seconds, x1, y1, x2, y2 and score of the chosen person's detections, in order of time; None or
            none: everybody is pixelated.
    """
    waiting: deque[tuple[Frame, Floats]] = deque()
    before: deque[Floats] = deque(maxlen=NEIGHBOURS)
    source = iter(frames)
    ended = False
    while not ended or waiting:
        while not ended and len(waiting) <= NEIGHBOURS:
            frame = next(source, None)
            if frame is None:
                ended = True
                break
            waiting.append((frame, _others(detect(frame.image).boxes, box_at(chosen, frame.seconds))))
        if waiting:
            frame, own = waiting.popleft()
            boxes = [*before, own, *(found for _, found in waiting)]
            before.append(own)
            yield Frame(frame.index, frame.seconds, pixelated(frame.image, np.concatenate(boxes)))


def pixelated(image: Image, boxes: Floats) -> Image:
    """A copy of a picture in which the boxes (n, 4) hold a few blocks of their mean colours and nothing else."""
    covered = image.copy()
    height, width = image.shape[:2]
    for x1, y1, x2, y2 in boxes.tolist():
        margin = MARGIN * (x2 - x1), MARGIN * (y2 - y1)
        left, right = (int(np.clip(x, 0, width)) for x in (x1 - margin[0], x2 + margin[0] + 1))
        top, bottom = (int(np.clip(y, 0, height)) for y in (y1 - margin[1], y2 + margin[1] + 1))
        if right <= left or bottom <= top:
            continue
        blocks = cv2.resize(covered[top:bottom, left:right], BLOCKS, interpolation=cv2.INTER_AREA)
        size = right - left, bottom - top
        covered[top:bottom, left:right] = cv2.resize(blocks, size, interpolation=cv2.INTER_NEAREST)
    return covered


def box_at(chosen: Floats | None, seconds: float) -> NDArray[np.float32] | None:
    """Where the chosen person is (4,): between two detections on the straight line; None outside of them."""
    if chosen is None or not len(chosen) or not chosen[0, 0] - 0.5 <= seconds <= chosen[-1, 0] + 0.5:
        return None
    times = chosen[:, 0].astype(np.float64)
    return np.array([np.interp(seconds, times, chosen[:, side]) for side in range(1, 5)], np.float32)


def _others(boxes: Floats, person: NDArray[np.float32] | None) -> Floats:
    """The boxes without the one that is the chosen person."""
    if person is None or not len(boxes):
        return boxes
    overlaps: Sequence[float] = box_iou(person[None], boxes)[0].tolist()
    best = int(np.argmax(overlaps))
    return np.delete(boxes, best, axis=0) if overlaps[best] >= SAME else boxes
