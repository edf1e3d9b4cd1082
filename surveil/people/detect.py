"""Finds people in pictures."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from ultralytics.data.augment import LetterBox
from ultralytics.nn.modules import Detect
from ultralytics.nn.tasks import DetectionModel
from ultralytics.utils.nms import non_max_suppression
from ultralytics.utils.ops import scale_boxes
from ultralytics.utils.tal import dist2bbox, make_anchors

from surveil.device import resolve_device
from surveil.people.checkpoint import SHIPPED, load_detector, load_pickled_detector, person_classes
from surveil.runtimes import RuntimeName, make_runtime
from surveil.types import Detections, Image

if TYPE_CHECKING:
    from surveil.settings import Settings  # needs pydantic, which training does without

NMS_IOU = 0.5
"""Of two boxes that overlap more than this (intersection over union), the weaker is dropped."""
MAX_PEOPLE = 300
STRIDE = 32
MAX_ENLARGED = 640
"""Pixels of the longer side up to which a picture is enlarged; beyond, there is nothing more to see in it."""


class PersonDetector:
    """An ultralytics YOLO network that keeps nothing between calls: footage of many cameras can share it.

    Example:
        >>> detector = PersonDetector.load(device=resolve_device("auto"), image_size=640, min_score=0.25)
        >>> [people] = detector.detect([frame.image])
        >>> people.boxes, people.scores
    """

    def __init__(
        self,
        network: DetectionModel,
        classes: Sequence[int],
        *,
        device: torch.device,
        image_size: int,
        min_score: float,
        runtime: RuntimeName = "torch",
        sha256: str = "",
    ) -> None:
        """Take a network over: it is fused and moved to the device.

        Args:
            network: Any ultralytics detection network.
            classes: Those of its classes that are a person.
            device: Where it runs.
            image_size: The longer side, in pixels, to which larger pictures are scaled; a multiple of 32. Smaller ones
                stay as large as they are, or are enlarged to `MAX_ENLARGED`.
            min_score: Least score of a detection, 0 to 1.
            runtime: See `surveil.runtimes.make_runtime`.
            sha256: Of the weights.
        """
        of_pictures = _OfPictures(network.fuse(verbose=False)).eval()
        self._strides = of_pictures.strides
        self.runtime = make_runtime(
            of_pictures,
            device,
            _typical(),
            open_axes=(0, 1, 2),
            name=runtime,
            sha256=sha256 and hashlib.sha256(f"{sha256} {_OfPictures.SAYS}".encode()).hexdigest(),
        )
        self._classes, self._class_count = list(classes), len(network.names)
        self._min_score = min_score
        self._image_size = image_size

    @classmethod
    def from_settings(cls, settings: Settings) -> PersonDetector:
        """The detector that the settings name, on their device.

        Raises:
            CheckpointError: The weights are missing, damaged, not to be trusted, or know no person.
            SurveilError: There is no such device.
        """
        return cls.load(
            settings.detector,
            device=resolve_device(settings.device),
            image_size=settings.detector_image_size,
            min_score=settings.detector_min_score,
            trust=settings.trust_detector,
            runtime="openvino" if settings.runtime == "openvino-int8" else settings.runtime,  # 8 bits lose people
        )

    @classmethod
    def load(
        cls,
        weights: str | Path | None = None,
        *,
        device: torch.device,
        image_size: int,
        min_score: float,
        trust: bool = False,
        runtime: RuntimeName = "auto",
    ) -> PersonDetector:
        """The detector that ships, or one of the user's.

        Args:
            weights: None for the shipped detector; NAME.safetensors with its card NAME.json; or ultralytics weights
                (.pt) with one class or a class called "person".
            device: Where it runs.
            image_size: The longer side, in pixels, to which larger pictures are scaled; a multiple of 32.
            min_score: Least score of a detection, 0 to 1.
            trust: Allow weights that are a pickle, which can run code when they are loaded.
            runtime: See `surveil.runtimes.make_runtime`; a pickle has no hash that is known, so "auto" is PyTorch.

        Raises:
            CheckpointError: The weights are missing, damaged, not to be trusted, or know no person.
            SurveilError: The runtime that was asked for is not installed.
        """
        sha256 = ""
        path = SHIPPED if weights is None else Path(weights)
        if path.suffix == ".safetensors":
            network, card = load_detector(path)
            names, sha256 = dict(enumerate(card.classes)), card.sha256
        else:
            network = load_pickled_detector(path, trust=trust)
            names = network.names
        return cls(
            network,
            person_classes(names, path),
            device=device,
            image_size=image_size,
            min_score=min_score,
            runtime=runtime,
            sha256=sha256,
        )

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """People in each picture, best first; the pictures may differ in size.

        Args:
            images: Pictures (H, W, 3).

        Returns:
            One result per picture: boxes in its pixels, clipped to it; none where nobody was found.
        """
        scaled = {number: self._scaled(image) for number, image in enumerate(images) if self._shows(image)}
        batches: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for number, image in scaled.items():
            batches[image.shape].append(number)
        found: list[Detections] = [Detections.none()] * len(images)
        for numbers in batches.values():
            batch = np.stack([scaled[number] for number in numbers])
            for number, people in zip(numbers, self._people(batch), strict=True):
                found[number] = _in_pixels_of(people, batch.shape[1:3], images[number].shape[:2])
        return found

    def _side(self, image: Image) -> int:
        """The longer side of the picture as the network is to see it."""
        longer: int = max(image.shape[:2])
        return min(self._image_size, max(MAX_ENLARGED, longer))

    def _shows(self, image: Image) -> bool:
        """Whether the shorter side has a pixel left then; there are pictures of 2 x 8192 pixels."""
        shorter, longer = sorted(image.shape[:2])
        return bool(2 * self._side(image) * shorter > longer)

    def _scaled(self, image: Image) -> Image:
        """The picture as large as the network is to see it, each side padded to a multiple of the stride."""
        side = self._side(image)
        scaled: Image = LetterBox(side, auto=True, stride=STRIDE)(image=image)
        return scaled

    def _people(self, batch: Image) -> list[Tensor]:
        """(n, 6) x1, y1, x2, y2, score, class for each of the scaled pictures (B, h, w, 3)."""
        [said] = self.runtime(batch)
        predictions = torch.from_numpy(said)
        if self._strides is not None:
            predictions = _from_distances(predictions, self._strides, batch.shape[1:3])
        people: list[Tensor] = non_max_suppression(
            predictions,
            self._min_score,
            NMS_IOU,
            classes=self._classes,
            agnostic=True,
            max_det=MAX_PEOPLE,
            nc=self._class_count,
            max_time_img=math.inf,  # the default gives up on what is left of a batch when the machine is busy
        )
        return people


class _OfPictures(nn.Module):
    """A network as a runtime takes it: pictures in, predictions out.

    Where the head is YOLO's usual one, boxes leave it as distances from their cell, counted in cells. A position in a
    picture of 960 pixels would be rounded to 4 pixels in bfloat16, which has 8 bits; distances lose next to nothing.

    Args:
        network: Any ultralytics detection network; stays where it is.

    Attributes:
        strides: Pixels per cell of each level, where boxes are distances; None where they are positions in the picture.
    """

    SAYS = "distances"
    """What a converted network that is kept must say, beside what weights it has."""

    def __init__(self, network: DetectionModel) -> None:
        super().__init__()
        self.network = network
        head = network.model[-1]
        head.dynamic = True  # else its anchors are those of the first pictures that it saw
        self.strides: list[int] | None = None
        if type(head) is Detect and not head.end2end:
            self.strides = [int(stride) for stride in head.stride]
            head._get_decode_boxes = lambda said: head.dfl(said["boxes"])

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, h, w, 3) BGR pictures, 0 to 255, to the (N, 4 + classes, anchors) boxes and scores."""
        output = self.network(pictures.flip(-1).permute(0, 3, 1, 2).float() / 255)
        predictions: Tensor = output[0] if isinstance(output, (tuple, list)) else output
        return predictions


def _from_distances(predictions: Tensor, strides: Sequence[int], scaled: tuple[int, int]) -> Tensor:
    """(N, 4 + classes, anchors) with boxes as centre, width and height in pixels, of ones with distances in cells."""
    height, width = scaled
    levels = [torch.empty(1, 1, height // stride, width // stride) for stride in strides]
    anchors, pixels = (part.T for part in make_anchors(levels, torch.tensor(strides), 0.5))
    boxes = dist2bbox(predictions[:, :4], anchors, dim=1) * pixels
    return torch.cat([boxes, predictions[:, 4:]], dim=1)


def _typical() -> Image:
    """Scaled pictures, as noise: by them the runtime is chosen."""
    return np.random.default_rng(0).integers(0, 256, (4, 384, 640, 3), np.uint8)


def _in_pixels_of(people: Tensor, scaled: tuple[int, int], original: tuple[int, int]) -> Detections:
    boxes = scale_boxes(scaled, people[:, :4].clone(), original)
    inside = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    return Detections(boxes[inside].numpy(), people[inside, 4].numpy())
