"""Labels footage for the person detector with a reference detector (YOLOX, ONNX) at high resolution.

The reference network sees 416 x 416 pixels. Every frame is therefore looked at as a whole and in overlapping tiles of
several sizes, each scaled to the network's input, so that people of any size are seen large at least once. What is
found more than once is merged. Sure boxes become labels; doubtful ones become regions to ignore.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from surveil.boxes import box_iou
from surveil.errors import DatasetError
from surveil.types import Detections, Floats, Image

INPUT = 416
STRIDES = (8, 16, 32)
TILE_SHARES = (1.0, 0.6, 0.35)
"""Tile sizes as shares of the frame."""
SURE, DOUBTFUL = 0.55, 0.2
"""Scores from which a box is a label, and from which it is a region to ignore."""
VALIDATION_SHARE = 0.25
"""The last part of every clip is kept for validation, so that no validation frame has a neighbour in training."""


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """A picture with its people; the picture lies beside the labels file.

    Attributes:
        file: Name of the picture.
        part: "train" or "validation".
        boxes: People, each x1, y1, x2, y2 in pixels.
        ignore: Regions that may or may not be a person, likewise.
    """

    file: str
    part: str
    boxes: list[list[float]]
    ignore: list[list[float]]


def read_labels(folder: Path) -> list[LabelledImage]:
    """The labelled pictures of a folder that `write_labels` wrote.

    Raises:
        DatasetError: There is no readable labels.json.
    """
    path = folder / "labels.json"
    try:
        return [LabelledImage(**item) for item in json.loads(path.read_text())]
    except (OSError, json.JSONDecodeError, TypeError) as error:
        raise DatasetError(
            f"no labels ({error})", path, "Write them with `python -m training detector label`."
        ) from error


def write_labels(folder: Path, images: list[LabelledImage]) -> None:
    """Write labels.json beside the pictures."""
    (folder / "labels.json").write_text(json.dumps([asdict(image) for image in images], indent=0))


class ReferenceDetector:
    """A YOLOX network run by OpenCV on tiles of a frame; COCO class 0 is the person."""

    def __init__(self, weights: Path) -> None:
        if not weights.is_file():
            raise DatasetError("there is no reference detector", weights, "Give the path of a YOLOX ONNX file.")
        self._network = cv2.dnn.readNetFromONNX(str(weights))
        cells, strides = [], []
        for stride in STRIDES:
            side = INPUT // stride
            rows, columns = np.mgrid[:side, :side]
            cells.append(np.stack([columns, rows], -1).reshape(-1, 2))
            strides.append(np.full((side * side, 1), stride))
        self._cells, self._strides = np.concatenate(cells), np.concatenate(strides)

    def detect_tile(self, image: Image, min_score: float) -> Detections:
        """People in one picture scaled to the network's input; overlapping boxes are not merged."""
        height, width = image.shape[:2]
        scale = INPUT / max(height, width)
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        padded = np.full((INPUT, INPUT, 3), 114, np.uint8)
        padded[: size[1], : size[0]] = cv2.resize(image, size, interpolation=interpolation)
        self._network.setInput(np.ascontiguousarray(padded.transpose(2, 0, 1)[None], np.float32))
        output = self._network.forward()[0]
        scores = output[:, 4] * output[:, 5]
        centres = (output[:, :2] + self._cells) * self._strides
        halves = np.exp(output[:, 2:4]) * self._strides / 2
        boxes = np.concatenate([centres - halves, centres + halves], 1) / scale
        boxes[:, 0::2], boxes[:, 1::2] = boxes[:, 0::2].clip(0, width), boxes[:, 1::2].clip(0, height)
        found = scores >= min_score
        return Detections(boxes[found].astype(np.float32), scores[found].astype(np.float32))

    def detect(self, image: Image, min_score: float = DOUBTFUL) -> Detections:
        """People in a frame, seen as a whole and in tiles of several sizes; boxes of one person are merged."""
        height, width = image.shape[:2]
        found = []
        for left, top, right, bottom in tiles(width, height):
            tile = self.detect_tile(image[top:bottom, left:right], min_score)
            boxes = tile.boxes + np.array([left, top, left, top], np.float32)
            margin = 0.02 * (right - left)
            # A person cut by a tile's edge is seen whole in a neighbouring or larger tile.
            whole = ~(
                ((tile.boxes[:, 0] < margin) & (left > 0))
                | ((tile.boxes[:, 1] < margin) & (top > 0))
                | ((tile.boxes[:, 2] > right - left - margin) & (right < width))
                | ((tile.boxes[:, 3] > bottom - top - margin) & (bottom < height))
            )
            found.append(Detections(boxes[whole], tile.scores[whole]))
        return merge(Detections(np.concatenate([d.boxes for d in found]), np.concatenate([d.scores for d in found])))


def tiles(width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    """Overlapping tiles (left, top, right, bottom) of a frame, of every size in `TILE_SHARES`, half overlapping."""
    for share in TILE_SHARES:
        tile_width, tile_height = round(width * share), round(height * share)
        steps = 1 if share == 1 else int(np.ceil((1 - share) / (share / 2))) + 1
        for top in np.linspace(0, height - tile_height, steps).round().astype(int):
            for left in np.linspace(0, width - tile_width, steps).round().astype(int):
                yield int(left), int(top), int(left) + tile_width, int(top) + tile_height


def merge(found: Detections, iou: float = 0.55, inside: float = 0.8) -> Detections:
    """One box per person: the score-weighted mean of the boxes that overlap the best one.

    Args:
        found: Boxes of all tiles.
        iou: Overlap from which two boxes are of one person.
        inside: A weaker box of which more than this share lies inside a kept one is a part of that person.
    """
    kept_boxes: list[Floats] = []
    kept_scores: list[float] = []
    left = np.argsort(-found.scores)
    while len(left):
        best = left[0]
        same = box_iou(found.boxes[[best]], found.boxes[left])[0] >= iou
        group = left[same]
        box = np.average(found.boxes[group], axis=0, weights=found.scores[group]).astype(np.float32)
        left = left[~same]
        part = _share_inside(found.boxes[left], box) > inside
        left = left[~part]
        kept_boxes.append(box)
        kept_scores.append(float(found.scores[best]))
    if not kept_boxes:
        return Detections.none()
    return Detections(np.stack(kept_boxes), np.array(kept_scores, np.float32))


def _share_inside(boxes: Floats, outer: Floats) -> NDArray[np.float32]:
    sides = np.minimum(boxes[:, 2:], outer[2:]) - np.maximum(boxes[:, :2], outer[:2])
    area = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    return np.asarray(sides.clip(0).prod(1) / np.maximum(area, 1e-6), np.float32)


def without_background(frames: list[Detections], iou: float = 0.6, share: float = 0.3) -> list[Detections]:
    """Drop what a fixed camera shows at one place again and again and what rarely looks like a person: a bollard.

    Args:
        frames: Detections of frames of one fixed camera, spread over its clip.
        iou: Overlap from which two boxes are at the same place.
        share: Share of the frames that must show a box at a place before it can be background.
    """
    boxes = np.concatenate([found.boxes for found in frames])
    scores = np.concatenate([found.scores for found in frames])
    kept = []
    for found in frames:
        same = box_iou(found.boxes, boxes) >= iou
        often = same.sum(1) > max(2, share * len(frames))
        rarely_sure = (same & (scores >= SURE)).sum(1) < 0.5 * same.sum(1)
        background = often & rarely_sure
        kept.append(Detections(found.boxes[~background], found.scores[~background]))
    return kept


def label_clip(clip: Path, reference: ReferenceDetector, every: int, folder: Path) -> list[LabelledImage]:
    """Label every Nth frame of a clip and write the frames and labels.json to a folder.

    Raises:
        DatasetError: The clip has no frame that can be decoded.
    """
    capture = cv2.VideoCapture(str(clip))
    frames: list[tuple[str, Detections]] = []
    folder.mkdir(parents=True, exist_ok=True)
    index = 0
    while capture.grab():
        if index % every == 0:
            image: Image = np.asarray(capture.retrieve()[1], np.uint8)
            name = f"{index:06d}.jpg"
            cv2.imwrite(str(folder / name), image, [cv2.IMWRITE_JPEG_QUALITY, 95])
            frames.append((name, reference.detect(image)))
        index += 1
    capture.release()
    if not frames:
        raise DatasetError("no frame could be decoded", clip, "Check the path and the file.")
    frames = list(zip([name for name, _ in frames], without_background([found for _, found in frames]), strict=True))
    first_validation = round(len(frames) * (1 - VALIDATION_SHARE))
    images = [
        LabelledImage(
            name,
            "train" if number < first_validation else "validation",
            found.boxes[found.scores >= SURE].round(1).tolist(),
            found.boxes[found.scores < SURE].round(1).tolist(),
        )
        for number, (name, found) in enumerate(frames)
    ]
    write_labels(folder, images)
    return images
