"""Cutting people out of frames, and how much a crop is worth for describing its person.

The quality of a crop is the product of five factors, each from 0 to 1:

- *size*: its height in pixels over 128 (the height of Market-1501's crops), at most 1;
- *sharpness*: v / (v + 300), where v is the variance of the Laplacian (Pech-Pacheco et al., "Diatom autofocusing in
  brightfield microscopy", 2000) of the grey crop at 128x64, so that v compares between near and far people; a crop that
  is smaller than that comes out blurred, which is meant;
- *visible*: the square of 1 less the part of the box that other boxes cover, for a crop of two people misleads; a box
  whose lower edge is higher belongs to someone further away, who hides nothing but confuses, and counts half;
- *border*: 0.5 for each side at which the box ends at the frame's border, because a part of the person is outside;
- *score*: what the detector thought of it.
"""

from __future__ import annotations

import cv2
import numpy as np

from surveil.boxes import box_area, box_intersection
from surveil.types import Detections, Floats, Image

MARGIN = 0.05
"""Part of the box's width and height that a crop shows around it: detectors cut off heels and hair."""
FULL_HEIGHT = 128
NORMAL_SIZE = (64, 128)
HALF_SHARP = 300.0
BEHIND = 0.5
CUT_OFF = 0.5
BORDER_PIXELS = 2.0


def cut(image: Image, box: Floats, margin: float = MARGIN) -> Image:
    """The part of a picture inside a box and a margin, at least one pixel; a view, not a copy.

    Args:
        image: (H, W, 3).
        box: (4,) x1, y1, x2, y2 in its pixels.
        margin: Part of the box's width and height to add on each side.
    """
    height, width = image.shape[:2]
    x1, y1, x2, y2 = (float(value) for value in box)
    aside, above = margin * (x2 - x1), margin * (y2 - y1)
    left, top = min(max(round(x1 - aside), 0), width - 1), min(max(round(y1 - above), 0), height - 1)
    right, bottom = min(max(round(x2 + aside), left + 1), width), min(max(round(y2 + above), top + 1), height)
    return image[top:bottom, left:right]


def crop_qualities(image: Image, people: Detections) -> Floats:
    """(N,) quality of the crop of each person in a frame, 0 to 1; see the module for the formula."""
    pictures = np.array([picture_quality(cut(image, box)) for box in people.boxes], np.float32).reshape(len(people))
    return pictures * visibilities(people.boxes) ** 2 * _borders(people.boxes, image.shape) * people.scores


def picture_quality(crop: Image) -> float:
    """The factors that need nothing but the crop itself: size times sharpness."""
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    shrinks = crop.shape[0] > NORMAL_SIZE[1]
    normal = cv2.resize(grey, NORMAL_SIZE, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    variance = float(cv2.Laplacian(normal, cv2.CV_32F).var())
    size: float = min(1.0, crop.shape[0] / FULL_HEIGHT)
    return size * variance / (variance + HALF_SHARP)


def visibilities(boxes: Floats) -> Floats:
    """(N,) how much of each of the (N, 4) boxes is left after what the others cover of it, 0 to 1."""
    shared = box_intersection(boxes, boxes)
    np.fill_diagonal(shared, 0)
    areas = np.maximum(box_area(boxes), 1e-6)
    in_front = boxes[None, :, 3] >= boxes[:, None, 3]
    covered = (shared * np.where(in_front, 1.0, BEHIND)).sum(axis=1) / areas
    visible: Floats = np.clip(1 - covered, 0, 1).astype(np.float32)
    return visible


def _borders(boxes: Floats, shape: tuple[int, ...]) -> Floats:
    height, width = shape[:2]
    sides = (boxes[:, :2] <= BORDER_PIXELS).sum(axis=1)
    sides += (boxes[:, 2:] >= np.array([width, height]) - BORDER_PIXELS).sum(axis=1)
    factors: Floats = (CUT_OFF**sides).astype(np.float32)
    return factors
