"""Recall and precision of a detector: boxes found against boxes that are there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surveil.boxes import box_area, box_intersection, box_iou
from surveil.types import Detections, Floats


@dataclass(frozen=True, slots=True)
class DetectionScore:
    """Counts over any number of pictures; add scores of parts to get that of the whole.

    Attributes:
        matched: Boxes that are there and were found.
        missed: Boxes that are there and were not found.
        false: Boxes found where nothing is.
    """

    matched: int = 0
    missed: int = 0
    false: int = 0

    def __add__(self, other: DetectionScore) -> DetectionScore:
        return DetectionScore(self.matched + other.matched, self.missed + other.missed, self.false + other.false)

    @property
    def recall(self) -> float:
        """Share of the boxes that are there which were found; NaN where there are none."""
        there = self.matched + self.missed
        return self.matched / there if there else float("nan")

    @property
    def precision(self) -> float:
        """Share of the boxes found which are there; NaN where none was found."""
        found = self.matched + self.false
        return self.matched / found if found else float("nan")


def match(found: Detections, there: Floats, iou: float = 0.5) -> NDArray[np.int64]:
    """Which box each detection found, best score first; each box is found once (the rule of PASCAL VOC and COCO).

    Args:
        found: N detections of one picture.
        there: (M, 4) boxes that are there.
        iou: Least intersection over union of a match.

    Returns:
        (N,) index into `there`, or -1 for a detection that matches nothing.
    """
    ious = box_iou(found.boxes, there)
    matches = np.full(len(found), -1, np.int64)
    for detection in np.argsort(-found.scores, kind="stable"):
        if not len(there):
            break
        best = int(ious[detection].argmax())
        if ious[detection, best] >= iou:
            matches[detection] = best
            ious[:, best] = -1
    return matches


def score(found: Detections, there: Floats, ignore: Floats | None = None, iou: float = 0.5) -> DetectionScore:
    """Score the detections of one picture.

    Args:
        found: N detections.
        there: (M, 4) boxes that are there.
        ignore: (K, 4) regions where a detection is neither right nor wrong: an unmatched detection counts for nothing
            if half of it lies inside one of them.
        iou: Least intersection over union of a match.
    """
    matches = match(found, there, iou)
    unmatched = found.boxes[matches < 0]
    false = len(unmatched)
    if ignore is not None and len(ignore):
        inside = box_intersection(unmatched, ignore).max(1)
        false = int((inside < 0.5 * box_area(unmatched)).sum())
    matched = int((matches >= 0).sum())
    return DetectionScore(matched, len(there) - matched, false)
