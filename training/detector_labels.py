"""Labels footage for the person detector with reference detectors (YOLOX, YOLOv8; ONNX) at high resolution.

The reference networks see 416 or 640 pixels. Every frame is therefore looked at as a whole and in overlapping tiles of
several sizes, each scaled to the network's input, so that people of any size are seen large at least once. What is
found more than once is merged. Sure boxes become labels; doubtful ones become regions to ignore.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from surveil.boxes import box_area, box_intersection, box_iou
from surveil.errors import DatasetError
from surveil.types import Detections, Floats, Image

STRIDES = (8, 16, 32)
TILE_SHARES = {416: (1.0, 0.6, 0.35), 640: (1.0, 0.5)}
"""Tile sizes as shares of the frame, by the pixels that a network sees."""
SURE, DOUBTFUL = 0.55, 0.2
"""Scores of a single reference from which a box is a label, and from which it is a region to ignore."""
SURE_TOGETHER = 0.4
"""The same for the mean score of several references."""
SAME_IOU = 0.5
"""Overlap from which boxes of two references are of one person."""
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
    """A YOLOX or YOLOv8 network (ONNX) run on tiles of a frame; COCO class 0 is the person.

    The two differ in what they take (BGR 0 to 255, RGB 0 to 1) and give (cells to be decoded, boxes); which of them it
    is, is told by the shape of the output.
    """

    def __init__(self, weights: Path) -> None:
        import onnxruntime

        if not weights.is_file():
            raise DatasetError("there is no reference detector", weights, "Give the path of an ONNX file.")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", "0"))
        self._session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
        [inputs], [outputs] = self._session.get_inputs(), self._session.get_outputs()
        self._input, self._side = inputs.name, int(inputs.shape[-1])
        if self._side not in TILE_SHARES:
            raise DatasetError(f"its input is {self._side} pixels wide", weights, f"Give one of {list(TILE_SHARES)}.")
        self._is_yolox = outputs.shape[1] > outputs.shape[2]

    def detect_tile(self, image: Image, min_score: float) -> Detections:
        """People in one picture scaled to the network's input; overlapping boxes are not merged."""
        height, width = image.shape[:2]
        scale = self._side / max(height, width)
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        padded = np.full((self._side, self._side, 3), 114, np.uint8)
        padded[: size[1], : size[0]] = cv2.resize(image, size, interpolation=interpolation)
        centres, halves, scores = self._of_yolox(padded) if self._is_yolox else self._of_yolov8(padded)
        boxes = np.concatenate([centres - halves, centres + halves], 1) / scale
        boxes[:, 0::2], boxes[:, 1::2] = boxes[:, 0::2].clip(0, width), boxes[:, 1::2].clip(0, height)
        found = scores >= min_score
        return Detections(boxes[found].astype(np.float32), scores[found].astype(np.float32))

    def _of_yolox(self, picture: Image) -> tuple[Floats, Floats, Floats]:
        output = self._run(picture.astype(np.float32))
        cells, strides = _cells(self._side)
        halves: Floats = np.exp(output[:, 2:4]) * strides * np.float32(0.5)
        return (output[:, :2] + cells) * strides, halves, output[:, 4] * output[:, 5]

    def _of_yolov8(self, picture: Image) -> tuple[Floats, Floats, Floats]:
        output = self._run(picture[..., ::-1].astype(np.float32) * np.float32(1 / 255)).T
        return output[:, :2], output[:, 2:4] * np.float32(0.5), output[:, 4]

    def _run(self, values: Floats) -> Floats:
        inputs = np.ascontiguousarray(values.transpose(2, 0, 1)[None])
        output: Floats = self._session.run(None, {self._input: inputs})[0][0]
        return output

    def detect(self, image: Image, min_score: float = DOUBTFUL) -> Detections:
        """People in a frame, seen as a whole and in tiles of several sizes; boxes of one person are merged."""
        height, width = image.shape[:2]
        found = []
        for left, top, right, bottom in tiles(width, height, TILE_SHARES[self._side]):
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
        return merge_boxes(
            Detections(np.concatenate([d.boxes for d in found]), np.concatenate([d.scores for d in found]))
        )


def _cells(side: int) -> tuple[Floats, Floats]:
    """(N, 2) column and row of each cell that YOLOX looks at, and its (N, 1) size in pixels."""
    cells, strides = [], []
    for stride in STRIDES:
        rows, columns = np.mgrid[: side // stride, : side // stride]
        cells.append(np.stack([columns, rows], -1).reshape(-1, 2))
        strides.append(np.full((len(cells[-1]), 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)


def detect_together(references: Sequence[ReferenceDetector], image: Image) -> Detections:
    """What several references see in a frame: a box's score is the mean of theirs, 0 of one that does not see it."""
    of_each = [reference.detect(image) for reference in references]
    together = merge_boxes(
        Detections(np.concatenate([d.boxes for d in of_each]), np.concatenate([d.scores for d in of_each]))
    )
    scores = np.zeros(len(together), np.float32)
    for found in of_each:
        if len(found) and len(together):
            same = box_iou(together.boxes, found.boxes) >= SAME_IOU
            scores += (same * found.scores).max(1) / len(references)
    return Detections(together.boxes, scores)


def tiles(width: int, height: int, shares: Sequence[float]) -> Iterator[tuple[int, int, int, int]]:
    """Overlapping tiles (left, top, right, bottom) of a frame, of every size in `shares`, half overlapping."""
    for share in shares:
        tile_width, tile_height = round(width * share), round(height * share)
        steps = 1 if share == 1 else int(np.ceil((1 - share) / (share / 2))) + 1
        for top in np.linspace(0, height - tile_height, steps).round().astype(int):
            for left in np.linspace(0, width - tile_width, steps).round().astype(int):
                yield int(left), int(top), int(left) + tile_width, int(top) + tile_height


def merge_boxes(found: Detections, iou: float = 0.55, inside: float = 0.8) -> Detections:
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
        part = box_intersection(found.boxes[left], box[None])[:, 0] > inside * box_area(found.boxes[left])
        left = left[~part]
        kept_boxes.append(box)
        kept_scores.append(float(found.scores[best]))
    if not kept_boxes:
        return Detections.none()
    return Detections(np.stack(kept_boxes), np.array(kept_scores, np.float32))


def without_background(
    frames: list[Detections], sure: float = SURE, iou: float = 0.6, share: float = 0.3
) -> list[Detections]:
    """Drop what a fixed camera shows at one place again and again and what rarely looks like a person: a bollard.

    Args:
        frames: Detections of frames of one fixed camera, spread over its clip.
        sure: Score from which a box looks like a person.
        iou: Overlap from which two boxes are at the same place.
        share: Share of the frames that must show a box at a place before it can be background.
    """
    boxes = np.concatenate([found.boxes for found in frames])
    scores = np.concatenate([found.scores for found in frames])
    kept = []
    for found in frames:
        same = box_iou(found.boxes, boxes) >= iou
        often = same.sum(1) > max(2, share * len(frames))
        rarely_sure = (same & (scores >= sure)).sum(1) < 0.5 * same.sum(1)
        background = often & rarely_sure
        kept.append(Detections(found.boxes[~background], found.scores[~background]))
    return kept


def label_clip(clip: Path, references: Sequence[ReferenceDetector], every: int, folder: Path) -> list[LabelledImage]:
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
            frames.append((name, detect_together(references, image)))
        index += 1
    capture.release()
    if not frames:
        raise DatasetError("no frame could be decoded", clip, "Check the path and the file.")
    sure = SURE if len(references) == 1 else SURE_TOGETHER
    moving = without_background([found for _, found in frames], sure)
    frames = list(zip([name for name, _ in frames], moving, strict=True))
    first_validation = round(len(frames) * (1 - VALIDATION_SHARE))
    images = [
        LabelledImage(
            name,
            "train" if number < first_validation else "validation",
            found.boxes[found.scores >= sure].round(1).tolist(),
            found.boxes[found.scores < sure].round(1).tolist(),
        )
        for number, (name, found) in enumerate(frames)
    ]
    write_labels(folder, images)
    return images
