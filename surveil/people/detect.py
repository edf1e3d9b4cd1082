"""Finds people in pictures."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from surveil.people.checkpoint import SHIPPED, STRIDES, load_detector, person_classes, read_detector
from surveil.people.predictions import PredictionDecoder, scale, unscale
from surveil.runtimes import RuntimeName, make_runtime
from surveil.types import Detections, Floats, Image

if TYPE_CHECKING:
    from torch import nn
    from ultralytics.nn.tasks import DetectionModel

    from surveil.settings import Settings  # needs pydantic, which training does without

MAX_ENLARGED = 640
"""Pixels of the longer side up to which a picture is enlarged; beyond, there is nothing more to see in it."""
KEPT_AS = "distances"
"""What a converted network that is kept must give, beside what weights it has."""


class PersonDetector:
    """An ultralytics YOLO network that keeps nothing between calls: footage of many cameras can share it.

    Example:
        >>> detector = PersonDetector.load(device="auto", image_size=640, min_score=0.25)
        >>> [people] = detector.detect([frame.image])
        >>> people.boxes, people.scores
    """

    def __init__(
        self,
        build: Callable[[], DetectionModel],
        head: PredictionDecoder,
        *,
        device: str,
        image_size: int,
        min_score: float,
        runtime: RuntimeName = "torch",
        sha256: str = "",
    ) -> None:
        """Take a network over: it is fused and moved to the device.

        Args:
            build: Makes any ultralytics detection network; see `surveil.runtimes.make_runtime`.
            head: How it is to be read.
            device: Where it runs.
            image_size: The longer side, in pixels, to which larger pictures are scaled; a multiple of 32. Smaller ones
                stay as large as they are, or are enlarged to `MAX_ENLARGED`.
            min_score: Least score of a detection, 0 to 1.
            runtime: See `surveil.runtimes.make_runtime`.
            sha256: Of the weights.
        """
        self.runtime = make_runtime(
            lambda: _of_pictures(build()),
            device,
            _typical(),
            open_axes=(0, 1, 2),
            name=runtime,
            sha256=sha256 and hashlib.sha256(f"{sha256} {KEPT_AS}".encode()).hexdigest(),
        )
        self._head = head
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
            device=settings.device,
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
        device: str,
        image_size: int,
        min_score: float,
        trust: bool = False,
        runtime: RuntimeName = "auto",
    ) -> PersonDetector:
        """The detector that ships, or one of the user's.

        Args:
            weights: None for the shipped detector; NAME.safetensors with its card NAME.json; or ultralytics weights
                (.pt) with one class or a class called "person".
            device: "auto", "cpu", "cuda" or "cuda:N".
            image_size: The longer side, in pixels, to which larger pictures are scaled; a multiple of 32.
            min_score: Least score of a detection, 0 to 1.
            trust: Allow weights that are a pickle, which can run code when they are loaded.
            runtime: See `surveil.runtimes.make_runtime`; a pickle has no hash that is known, so "auto" is PyTorch.

        Raises:
            CheckpointError: The weights are missing, damaged, not to be trusted, or know no person.
            SurveilError: The runtime that was asked for is not installed.
        """
        path = SHIPPED if weights is None else Path(weights)
        if path.suffix == ".safetensors":
            card, _ = read_detector(path)
            head = PredictionDecoder(person_classes(dict(enumerate(card.classes)), path), len(card.classes), STRIDES)
            build, sha256 = (lambda: load_detector(path)[0]), card.sha256
        else:
            from surveil.people.network import load_pickled_detector, strides_of

            network = load_pickled_detector(path, trust=trust)
            head = PredictionDecoder(person_classes(network.names, path), len(network.names), strides_of(network))
            build, sha256 = (lambda: network), ""
        return cls(
            build, head, device=device, image_size=image_size, min_score=min_score, runtime=runtime, sha256=sha256
        )

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """People in each picture, best first; the pictures may differ in size.

        Args:
            images: Pictures (H, W, 3).

        Returns:
            One result per picture: boxes in its pixels, clipped to it; none where nobody was found.
        """
        scaled = {n: self.scaled(image) for n, image in enumerate(images) if self._shows(image)}
        batches: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for number, image in scaled.items():
            batches[image.shape].append(number)
        found: list[Detections] = [Detections.none()] * len(images)
        for numbers in batches.values():
            batch = np.stack([scaled[number] for number in numbers])
            [said] = self.runtime(batch)
            for number, predictions in zip(numbers, said, strict=True):
                found[number] = self._people(predictions, batch.shape[1:3], images[number])
        return found

    def scaled(self, image: Image) -> Image:
        """The picture as the network is to see it."""
        return scale(image, self._side(image))

    def _side(self, image: Image) -> int:
        """The longer side of the picture as the network is to see it."""
        longer: int = max(image.shape[:2])
        return min(self._image_size, max(MAX_ENLARGED, longer))

    def _shows(self, image: Image) -> bool:
        """Whether the shorter side has a pixel left then; there are pictures of 2 x 8192 pixels."""
        shorter, longer = sorted(image.shape[:2])
        return bool(2 * self._side(image) * shorter > longer)

    def _people(self, said: Floats, scaled: tuple[int, int], image: Image) -> Detections:
        """The people that the network's predictions for a picture say, in its pixels."""
        people = self._head.people(said, scaled, self._min_score)
        boxes = unscale(people.boxes, image.shape[:2], self._side(image))
        inside = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        return Detections(boxes[inside], people.scores[inside])


def _of_pictures(network: DetectionModel) -> nn.Module:
    from surveil.people.network import PictureDetector

    return PictureDetector(network).eval()


def _typical() -> Image:
    """Scaled pictures, as noise: by them the runtime is chosen."""
    return np.random.default_rng(0).integers(0, 256, (4, 384, 640, 3), np.uint8)
