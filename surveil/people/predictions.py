"""What goes into a YOLO network and what comes out of it, in NumPy and OpenCV: no network library is needed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from surveil.types import Detections, Floats, Image

NMS_IOU = 0.5
"""Of two boxes that overlap more than this (intersection over union), the weaker is dropped."""
MAX_PEOPLE = 300
STRIDE = 32
"""Pixels of which each side of a network's input is a multiple."""
PADDING = (114, 114, 114)
"""The grey that ultralytics networks are trained to see around a picture."""


@dataclass(frozen=True, slots=True)
class PredictionDecoder:
    """How a network's predictions are to be read.

    Attributes:
        classes: Those of its classes that are a person.
        class_count: All of them.
        strides: Pixels per cell of each level, where boxes are distances from their cell, counted in cells; None where
            they are positions in the picture.
    """

    classes: tuple[int, ...]
    class_count: int
    strides: tuple[int, ...] | None

    def people(self, predictions: Floats, scaled: tuple[int, int], min_score: float) -> Detections:
        """People in one picture, best first: boxes in pixels of the scaled picture.

        Args:
            predictions: (4 + classes, anchors), boxes as `strides` says; or (n, 6) x1, y1, x2, y2, score, class, of
                which none is to be suppressed.
            scaled: Height and width of the scaled picture.
            min_score: Detections score more than this.
        """
        if predictions.shape[-1] == 6:
            likely = (predictions[:, 4] > min_score) & np.isin(predictions[:, 5], self.classes)
            chosen = predictions[likely][:MAX_PEOPLE]
            return Detections(chosen[:, :4], chosen[:, 4])
        scores = predictions[4 : 4 + self.class_count]
        likely = (scores.max(axis=0) > min_score) & np.isin(scores.argmax(axis=0), self.classes)
        found, best = predictions[:4, likely], scores.max(axis=0)[likely]
        boxes = _of_centres(found) if self.strides is None else _of_distances(found, self.strides, scaled, likely)
        kept = suppress(boxes, best)
        return Detections(boxes[kept], best[kept])


def _of_centres(found: Floats) -> Floats:
    """(4, n) centre, width and height to (n, 4) boxes."""
    centre, half = found[:2], found[2:] / np.float32(2)
    return np.concatenate([centre - half, centre + half]).T


def _of_distances(found: Floats, strides: Sequence[int], scaled: tuple[int, int], likely: np.ndarray) -> Floats:
    """(4, n) distances to left, top, right and bottom, in cells, of those anchors that are likely, to (n, 4) boxes."""
    cells = [np.indices((scaled[0] // stride, scaled[1] // stride))[::-1].reshape(2, -1) for stride in strides]
    pixels = np.repeat(np.array(strides, np.float32), [level.shape[1] for level in cells])[likely]
    anchors = np.concatenate(cells, axis=1)[:, likely].astype(np.float32) + np.float32(0.5)
    boxes: Floats = (np.concatenate([anchors - found[:2], anchors + found[2:]]) * pixels).T
    return boxes


def suppress(boxes: Floats, scores: Floats) -> list[int]:
    """Which of the boxes (N, 4) are left when each drops those that overlap it and score less; best first."""
    corner, size = boxes[:, :2], boxes[:, 2:] - boxes[:, :2]
    rectangles = np.concatenate([corner, size], axis=1).astype(np.float64)
    return list(cv2.dnn.NMSBoxes(rectangles, scores, 0.0, NMS_IOU))[:MAX_PEOPLE]  # type: ignore[arg-type]


def scale(image: Image, side: int) -> Image:
    """A picture whose longer side is `side` pixels, each side padded evenly to a multiple of `STRIDE`."""
    width, height = _scaled_size(image.shape[:2], side)
    if image.shape[:2] != (height, width):
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
    across, down = -width % STRIDE, -height % STRIDE
    left, top = across // 2, down // 2
    padded = cv2.copyMakeBorder(
        image, top, down - top, left, across - left, borderType=cv2.BORDER_CONSTANT, value=PADDING
    )
    return padded.astype(np.uint8, copy=False)


def unscale(boxes: Floats, original: tuple[int, int], side: int) -> Floats:
    """Boxes (N, 4) in a picture that `scale` made, in the pixels of the one that it was made of, and inside it."""
    width, height = _scaled_size(original, side)
    offset = np.array([-width % STRIDE // 2, -height % STRIDE // 2] * 2, np.float32)
    ratio = np.array([width / original[1], height / original[0]] * 2, np.float32)
    inside: Floats = np.clip((boxes - offset) / ratio, 0, np.array([original[1], original[0]] * 2, np.float32))
    return inside


def _scaled_size(original: tuple[int, ...], side: int) -> tuple[int, int]:
    """Width and height, at least one pixel each."""
    ratio = side / max(original)
    return max(round(original[1] * ratio), 1), max(round(original[0] * ratio), 1)
