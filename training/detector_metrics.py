"""What a detector finds, and what it takes for people, on labelled pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surveil.evaluation.metrics.detection import DetectionScore, score
from surveil.people.detect import PersonDetector
from surveil.types import Detections
from training.detector_sets import LabelledPicture


@dataclass(frozen=True, slots=True)
class DetectorReport:
    """Measured on one set of pictures.

    Attributes:
        pictures: How many there are.
        score: People found, missed, and boxes where nobody is; regions to ignore count neither way.
        empty_pictures: Pictures that certainly show nobody.
        false_in_empty: Boxes found in those.
    """

    pictures: int
    score: DetectionScore
    empty_pictures: int
    false_in_empty: int

    @property
    def false_per_empty(self) -> float:
        """Boxes found per picture that shows nobody; NaN where every picture shows somebody."""
        return self.false_in_empty / self.empty_pictures if self.empty_pictures else float("nan")

    def figures(self) -> dict[str, float]:
        """The figures by name, for tables and cards; NaN where there is nothing to measure."""
        return {
            "pictures": self.pictures,
            "people": self.score.matched + self.score.missed,
            "recall": round(self.score.recall, 3),
            "precision": round(self.score.precision, 3),
            "empty pictures": self.empty_pictures,
            "boxes per empty picture": round(self.false_per_empty, 3),
        }


def find_all(detector: PersonDetector, pictures: Sequence[LabelledPicture]) -> list[Detections]:
    """What a detector finds in each picture."""
    return [detector.detect([picture.image])[0] for picture in pictures]


def measure(
    found: Sequence[Detections], pictures: Sequence[LabelledPicture], min_score: float, iou: float = 0.5
) -> DetectorReport:
    """Compare what was found with what is there, leaving out detections below a score."""
    total, false_in_empty = DetectionScore(), 0
    for detections, picture in zip(found, pictures, strict=True):
        kept = detections.scores >= min_score
        part = score(Detections(detections.boxes[kept], detections.scores[kept]), picture.boxes, picture.ignore, iou)
        total += part
        false_in_empty += part.false if picture.is_empty else 0
    return DetectorReport(len(pictures), total, sum(picture.is_empty for picture in pictures), false_in_empty)


def recall_at_precision(
    found: Sequence[Detections], pictures: Sequence[LabelledPicture], precision: float
) -> tuple[float, float]:
    """The best recall at no less than a precision, and the least score that gives it; NaN where there is none."""
    best = float("nan"), float("nan")
    for min_score in np.arange(0.05, 0.95, 0.025):
        result = measure(found, pictures, float(min_score)).score
        if result.precision >= precision and not result.recall <= best[0]:
            best = result.recall, float(min_score)
    return best
