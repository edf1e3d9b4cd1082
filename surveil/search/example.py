"""From pictures of people to the embedding that is searched for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from surveil import images
from surveil.boxes import box_area
from surveil.errors import PictureError, QueryError
from surveil.people.crops import cut
from surveil.types import Detections, Floats, Image

UNLIKE_WEIGHT = 0.25
"""How much of the mean of the --unlike embeddings is subtracted from the mean of the --like ones (Rocchio, "Relevance
feedback in information retrieval", 1971)."""
TALL = 1.5
"""A crop of a person is at least this many times as high as wide."""
FILLED = 0.5
"""The part of a tall picture from which on a person fills it: it is a crop already."""
SMALL = 320
"""Tall pictures up to this height (pixels) in which nobody is found are crops, too coarse for the detector."""
MAX_FRAMED = 8192
"""Pixels at most of the width and the height of a picture with its frame, together: more than detectors see. A tall
picture within the limit of pixels would take gigabytes else."""
FRAME_COLOUR = (114, 114, 114)
"""What ultralytics networks are trained to see around a picture."""

DetectPeople = Callable[[Image], Detections]


@dataclass(frozen=True, slots=True)
class Person:
    """A person taken from a picture: the crop (h, w, 3), how it was got, and the box it was cut out of, if any."""

    path: Path
    image: Image
    note: str
    box: tuple[float, float, float, float] | None = None


def read_query_picture(path: Path, max_pixels: int = images.MAX_PIXELS) -> Image:
    """A picture as (H, W, 3), the way up that its metadata says.

    Raises:
        QueryError: It cannot be read, is no picture, or has more pixels than allowed.
    """
    try:
        return images.read_picture(path, max_pixels=max_pixels)
    except OSError as error:
        raise QueryError(f"cannot be read ({error.strerror})", path, "Check the path.") from error
    except PictureError as error:
        raise QueryError(error.what, path, error.next_step) from error


def take_person(
    path: Path, detect: DetectPeople, number: int | None = None, *, max_pixels: int = images.MAX_PIXELS
) -> Person:
    """The person in a picture; the whole picture when it is the crop of a person already.

    Args:
        path: The picture.
        detect: Finds people in a picture.
        number: Which person, counted from the left, from 1; None: the only one, or the largest.
        max_pixels: So many pixels may the picture have.

    Raises:
        QueryError: It cannot be read, shows nobody, or fewer people than `number`.
    """
    picture = read_query_picture(path, max_pixels)
    height, width = picture.shape[:2]
    if number is None and height >= TALL * width:
        framed = _framed_boxes(picture, detect)
        if box_area(framed).max(initial=0) >= FILLED * height * width:
            return Person(path, picture, "whole picture: a person fills it")
    boxes = detect(picture).boxes
    if not len(boxes):
        boxes = _framed_boxes(picture, detect)
    if not len(boxes) and number is None and height >= TALL * width and height <= SMALL:
        return Person(path, picture, "whole picture: small and tall, taken for a crop")
    if not len(boxes):
        raise QueryError("nobody was found in the picture", path, "Cut the person out and give the crop.")
    order = np.argsort(boxes[:, 0], kind="stable")
    if number is not None and not 1 <= number <= len(boxes):
        raise QueryError(f"there is no person {number}; {len(boxes)} were found", path, "Count from the left, from 1.")
    chosen = int(order[number - 1]) if number is not None else int(box_area(boxes).argmax())
    place = int(np.flatnonzero(order == chosen)[0]) + 1
    note = "the only person found"
    if len(boxes) > 1:
        why = "as asked" if number is not None else "the largest; --person N takes another"
        note = f"person {place} of {len(boxes)} from the left ({why})"
    x1, y1, x2, y2 = boxes[chosen].tolist()
    return Person(path, cut(picture, boxes[chosen]), note, (x1, y1, x2, y2))


def _framed_boxes(picture: Image, detect: DetectPeople) -> Floats:
    """Boxes (n, 4) found with a plain frame around the picture, as wide as the picture is high.

    A detector trained on scenes misses people who fill the picture, or sees only parts of them; with room around them
    it finds them whole.
    """
    scale = min(1.0, MAX_FRAMED / (picture.shape[1] + 5 * picture.shape[0]))
    if scale < 1:
        smaller = tuple(max(1, round(side * scale)) for side in picture.shape[1::-1])
        picture = cv2.resize(picture, smaller, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    height, width = picture.shape[:2]
    framed = np.full((3 * height, width + 2 * height, 3), FRAME_COLOUR, np.uint8)
    framed[height : 2 * height, height : height + width] = picture
    boxes = detect(framed).boxes - np.float32(height)
    boxes = np.clip(boxes, 0, np.array([width, height, width, height], np.float32)) / np.float32(scale)
    inside: Floats = boxes[box_area(boxes) > 0]
    return inside


def combine(like: Floats, unlike: Floats) -> Floats:
    """Rocchio: the mean of (n, 544) minus `UNLIKE_WEIGHT` times the mean of (m, 544), unit length; m may be 0.

    Raises:
        QueryError: Nothing is left.
    """
    embedding = like.mean(axis=0)
    if len(unlike):
        embedding = embedding - UNLIKE_WEIGHT * unlike.mean(axis=0)
    if np.linalg.norm(embedding) < 1e-3:
        raise QueryError("the examples cancel each other out", "like, unlike", "Give fewer or others.")
    length_one: Floats = (embedding / np.linalg.norm(embedding)).astype(np.float32)
    return length_one
