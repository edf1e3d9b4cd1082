"""Where a track may have passed to another person: trackers follow boxes, and people who are near can swap theirs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surveil.boxes import box_iou
from surveil.types import Floats


def clear_steps(before: Floats, now: Floats, min_iou: float) -> NDArray[np.bool_]:
    """(N, M) whether a person in one frame who has such a box in the next is certainly the same.

    That is so where neither box overlaps with the box of a third person in the other frame enough to be taken for hers.

    Args:
        before: (N, 4) boxes in one frame, as they are matched.
        now: (M, 4) boxes in the next.
        min_iou: Least overlap (intersection over union) of boxes that are matched.
    """
    alike = box_iou(before, now) >= min_iou
    others = alike.sum(axis=1)[:, None] + alike.sum(axis=0)[None] - 2 * alike
    clear: NDArray[np.bool_] = others == 0
    return clear
