"""Crops of people, and of what a person detector may take for people: what "is this a person" is learned from."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from surveil.boxes import box_area, box_intersection
from surveil.people.crops import cut
from surveil.types import Floats, Image
from training.detector_sets import LabelledPicture

MIN_HEIGHT, MIN_WIDTH = 32, 8
"""Pixels; of smaller boxes a crop shows nothing."""
HALF = 0.4
"""A box that shows less than this part of everybody shows nobody."""
MOSTLY = 0.5
"""A box that people fill to this part is left out: it may be a close look at one of them."""
HARDLY = 0.05
"""Part of a box that a region which may be a person may cover."""
UPPER_BODY = (0.35, 0.8)
"""Part of a person, from the head down, that a desk or a bench leaves to be seen."""
SHAPES = (0.3, 0.8)
"""Width over height of boxes that a detector of people gives."""
BESIDE = 2
"""Boxes beside each person."""
SHARPNESS = (40, 200)
"""Pixels of a crop's height, drawn anew for each, so that sharpness does not tell people from furniture."""


def people_in(picture: LabelledPicture, rng: np.random.Generator) -> list[Image]:
    """Each person as annotated, and once more without what a desk would hide of her."""
    seated = picture.boxes.copy()
    heights = seated[:, 3] - seated[:, 1]
    seated[:, 3] -= heights * (1 - rng.uniform(*UPPER_BODY, len(seated)).astype(np.float32))
    return crops(picture.image, np.concatenate([picture.boxes, seated]), rng)


def nobody_in(picture: LabelledPicture, rng: np.random.Generator, *, anywhere: int) -> list[Image]:
    """Parts of a picture that show nobody, or less than half of somebody.

    Args:
        picture: With all its people annotated.
        rng: Draws the boxes.
        anywhere: So many boxes are drawn all over the picture, and `BESIDE` beside each person.
    """
    beside = _shifted(np.repeat(picture.boxes, BESIDE, axis=0), rng)
    boxes = np.concatenate([_anywhere(picture.image.shape, rng, anywhere), beside])
    return crops(picture.image, boxes[shows_nobody(boxes, picture)], rng)


def shows_nobody(boxes: Floats, picture: LabelledPicture) -> NDArray[np.bool_]:
    """(N,) whether each box (N, 4) shows less than `HALF` of everybody in a picture, and is not a part of somebody."""
    shared = box_intersection(boxes, picture.boxes)
    areas = np.maximum(box_area(boxes), 1)
    of_people = (shared / np.maximum(box_area(picture.boxes), 1)).max(axis=1, initial=0)
    of_box = shared.sum(axis=1) / areas
    doubtful = box_intersection(boxes, picture.ignore).sum(axis=1) / areas
    found: NDArray[np.bool_] = (of_people < HALF) & (of_box < MOSTLY) & (doubtful < HARDLY)
    return found


def crops(image: Image, boxes: Iterable[Floats], rng: np.random.Generator) -> list[Image]:
    """The crops of those boxes (N, 4) that are large enough, each as sharp as chance will have it."""
    large = (box for box in boxes if box[3] - box[1] >= MIN_HEIGHT and box[2] - box[0] >= MIN_WIDTH)
    return [_seen_from_afar(cut(image, box), rng) for box in large]


def _seen_from_afar(crop: Image, rng: np.random.Generator) -> Image:
    height = int(rng.integers(*SHARPNESS))
    if height >= crop.shape[0]:
        return crop.copy()
    width = max(1, round(crop.shape[1] * height / crop.shape[0]))
    return np.asarray(cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _anywhere(shape: tuple[int, ...], rng: np.random.Generator, count: int) -> Floats:
    """(count, 4) boxes of all sizes in a picture of this shape."""
    height, width = shape[:2]
    heights = np.minimum(np.exp(rng.uniform(np.log(48), np.log(max(49, height)), count)), height)
    widths = np.minimum(heights * rng.uniform(*SHAPES, count), width)
    left, top = rng.uniform(0, width - widths), rng.uniform(0, height - heights)
    return np.stack([left, top, left + widths, top + heights], axis=1).astype(np.float32)


def _shifted(boxes: Floats, rng: np.random.Generator) -> Floats:
    """Boxes (N, 4) moved by most of their size, to the side or up or down."""
    sizes = boxes[:, 2:] - boxes[:, :2]
    steps = rng.uniform(0.6, 0.9, sizes.shape) * rng.choice([-1, 1], sizes.shape)
    steps *= np.eye(2)[rng.integers(0, 2, len(boxes))]
    return boxes + np.tile(steps * sizes, 2).astype(np.float32)
