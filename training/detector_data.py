"""Training pictures for the person detector: mosaics of labelled pictures at random scales."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from surveil.images import decode_picture
from surveil.types import Floats, Image
from training.detector_sets import LabelledPicture

GREY = 114
"""What ultralytics pads pictures with; to the network it means "nothing to see"."""
MIN_VISIBLE = 0.3
"""Of a person cut by the edge, the share that must remain in the picture for it to be a label."""
MIN_SIDE = 5
"""Pixels; smaller boxes are no labels."""

MAX_SCALE = 3.0
"""Pictures are scaled between fitting into their part of the canvas and this many times as large."""
MIN_PERSON_HEIGHT = 16
"""Pixels of height below which no picture is scaled down."""


def masked(picture: LabelledPicture) -> LabelledPicture:
    """Paint the regions to ignore grey; people are painted back where they overlap such a region."""
    image = picture.image.copy()
    for left, top, right, bottom in picture.ignore.round().astype(int):
        image[top:bottom, left:right] = GREY
    for left, top, right, bottom in picture.boxes.round().astype(int):
        image[top:bottom, left:right] = picture.image[top:bottom, left:right]
    return LabelledPicture(image, picture.boxes, np.zeros((0, 4), np.float32))


class Mosaics:
    """Endless random training pictures.

    Three in four are four labelled pictures, each scaled at random and cut to its quarter; the others are a single one.
    Colours, sharpness and compression vary as they do between cameras.

    Args:
        sources: Lists of pictures; each source is as likely as its weight says, whatever its length.
        weights: One per source.
        size: Side of the training pictures in pixels.
        seed: Of the random choices.
    """

    def __init__(
        self, sources: Sequence[Sequence[LabelledPicture]], weights: Sequence[float], size: int, seed: int
    ) -> None:
        self._sources = [[masked(picture) for picture in source] for source in sources]
        self._weights = np.array(weights) / sum(weights)
        self._size = size
        self._random = np.random.default_rng(seed)

    def reseed(self, seed: Sequence[int]) -> None:
        """Begin another series of random choices."""
        self._random = np.random.default_rng(seed)

    def draw(self) -> tuple[Image, Floats]:
        """One training picture (size, size, 3) and its people (N, 4)."""
        canvas = np.full((self._size, self._size, 3), GREY, np.uint8)
        people = np.concatenate([self._paste(canvas, *part) for part in self._parts()])
        if self._random.random() < 0.5:
            canvas = canvas[:, ::-1]
            people = np.stack([self._size - people[:, 2], people[:, 1], self._size - people[:, 0], people[:, 3]], 1)
        return self._camera(np.ascontiguousarray(canvas)), people

    def _parts(self) -> list[tuple[int, int, int, int]]:
        size = self._size
        if self._random.random() < 0.25:
            return [(0, 0, size, size)]
        x, y = (int(value) for value in self._random.uniform(0.35, 0.65, 2) * size)
        return [(0, 0, x, y), (x, 0, size, y), (0, y, x, size), (x, y, size, size)]

    def _paste(self, canvas: Image, left: int, top: int, right: int, bottom: int) -> Floats:
        """Fill a part of the canvas with a random picture; returns its people in pixels of the canvas."""
        source = self._sources[self._random.choice(len(self._sources), p=self._weights)]
        picture = source[self._random.integers(len(source))]
        height, width = picture.image.shape[:2]
        fit = min((right - left) / width, (bottom - top) / height)
        scale = fit * MAX_SCALE ** self._random.random()
        if len(picture.boxes):  # the smallest person stays visible, and the largest inside the canvas
            heights = picture.boxes[:, 3] - picture.boxes[:, 1]
            scale = float(np.clip(scale, MIN_PERSON_HEIGHT / heights.min(), self._size / heights.max()))
        shape = max(1, round(width * scale)), max(1, round(height * scale))
        image = cv2.resize(picture.image, shape, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        offset = self._offset(picture, scale, shape, (right - left, bottom - top))
        part = image[offset[1] : offset[1] + bottom - top, offset[0] : offset[0] + right - left]
        canvas[top : top + part.shape[0], left : left + part.shape[1]] = part
        shown = np.array([part.shape[1], part.shape[0]] * 2, np.float32)
        boxes = picture.boxes * scale - np.array([*offset, *offset], np.float32)
        clipped = boxes.clip(0, shown)
        share = (clipped[:, 2:] - clipped[:, :2]).prod(1) / np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(1), 1e-6)
        keep = (share >= MIN_VISIBLE) & ((clipped[:, 2:] - clipped[:, :2]).min(1) >= MIN_SIDE)
        moved = clipped + np.array([left, top, left, top], np.float32)
        for x1, y1, x2, y2 in moved[~keep & (share > 0)].round().astype(int):
            canvas[y1:y2, x1:x2] = GREY
        return np.asarray(moved[keep], np.float32)

    def _offset(
        self, picture: LabelledPicture, scale: float, shape: tuple[int, int], window: tuple[int, int]
    ) -> tuple[int, int]:
        """Top left corner of the window cut from a scaled picture, around a random person where there is one."""
        room = np.maximum(np.array(shape) - window, 0)
        if len(picture.boxes) and self._random.random() < 0.7:
            box = picture.boxes[self._random.integers(len(picture.boxes))] * scale
            centre = (box[:2] + box[2:]) / 2
            corner = centre - self._random.uniform(0.2, 0.8, 2) * window
        else:
            corner = self._random.uniform(0, 1, 2) * room
        x, y = np.clip(corner, 0, room).astype(int)
        return int(x), int(y)

    def _camera(self, image: Image) -> Image:
        """What differs between cameras: colour, brightness, grey pictures, blur, noise, compression."""
        random = self._random
        gain = random.uniform(0.7, 1.35) * random.uniform(0.9, 1.1, 3)
        values: NDArray[np.float32] = (image.astype(np.float32) - 114) * random.uniform(0.75, 1.25) + 114
        values = values * gain.astype(np.float32)
        saturation = 0.0 if random.random() < 0.15 else random.uniform(0.5, 1.5)
        if random.random() < 0.2:  # haze, or a window behind: low contrast, and never black
            haze = random.uniform(0.15, 0.6)
            values = values * np.float32(1 - haze) + np.float32(haze * random.uniform(120, 230))
        grey = values.mean(-1, keepdims=True)
        values = grey + (values - grey) * np.float32(saturation)
        if random.random() < 0.3:
            values = np.asarray(cv2.GaussianBlur(values, (0, 0), random.uniform(0.5, 1.5)), np.float32)
        if random.random() < 0.3:
            values = values + random.normal(0, random.uniform(2, 10), values.shape[:2])[..., None].astype(np.float32)
        result: Image = np.asarray(values.clip(0, 255), np.uint8)
        if random.random() < 0.3:
            quality = int(random.integers(25, 80))
            encoded = cv2.imencode(".jpg", result, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
            result = decode_picture(encoded.tobytes(), "", max_pixels=None)
        return result
