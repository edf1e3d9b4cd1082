"""Batched inference: crops in, appearances out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from surveil.calibration import logistic
from surveil.model.checkpoint import Card, find_weights, load_checkpoint, quantised_path, read_checkpoint
from surveil.model.person_head import PersonHead, load_person_head
from surveil.runtimes import RuntimeName, make_runtime
from surveil.runtimes.quantised import QuantisedFile
from surveil.types import Appearance, Floats, Image

if TYPE_CHECKING:
    from torch import nn

    from surveil.model.network import PersonNetwork

TYPICAL_CROPS = 16
"""So many come together often; by them the runtime is chosen."""
CROPS_TOGETHER = 4
"""Crops that a core takes at once: 12.1 ms of it each, against 13.6 one by one and 12.5 by eights (osnet-attention)."""


class AppearanceModel:
    """Describes crops of people.

    Args:
        build: Makes the network; see `surveil.runtimes.make_runtime`.
        card: The card it was loaded with.
        device: "auto", "cpu" or "cuda".
        batch_size: Crops per forward pass.
        runtime: See `surveil.runtimes.make_runtime`.
        quantised: Likewise.
        person: Tells what shows nobody; None: not told.

    Example:
        >>> model = AppearanceModel.load()
        >>> [appearance] = model.describe([read_picture(Path("person.jpg"))])
        >>> appearance.embedding.shape
        (544,)
    """

    def __init__(
        self,
        build: Callable[[], PersonNetwork],
        card: Card,
        *,
        device: str = "auto",
        batch_size: int = 64,
        runtime: RuntimeName = "torch",
        quantised: QuantisedFile | None = None,
        person: PersonHead | None = None,
    ) -> None:
        self.card = card
        self._person = person
        self.batch_size = batch_size
        self.build = build
        self.runtime = make_runtime(
            self._of_pictures,
            device,
            np.random.default_rng(0).random((TYPICAL_CROPS, 3, *card.input_size), np.float32),
            name=runtime,
            sha256=graph_sha256(card, with_stripes=person is not None),
            quantised=quantised,
            together=CROPS_TOGETHER,
        )

    @staticmethod
    def load(
        model: str | Path | None = None, *, device: str = "auto", batch_size: int = 64, runtime: RuntimeName = "auto"
    ) -> AppearanceModel:
        """The default model, another shipped one by its name, or the checkpoint of a path.

        Raises:
            CheckpointError: The checkpoint cannot be used.
            SurveilError: The runtime that was asked for is not installed.
        """
        weights = find_weights(model)
        card, _ = read_checkpoint(weights)
        quantised = QuantisedFile(quantised_path(weights), card.quantised["sha256"]) if card.quantised else None
        return AppearanceModel(
            lambda: load_checkpoint(weights)[0],
            card,
            device=device,
            batch_size=batch_size,
            runtime=runtime,
            quantised=quantised,
            person=load_person_head(weights, card),
        )

    def _of_pictures(self) -> nn.Module:
        from surveil.model.picture_network import PictureNetwork

        return PictureNetwork(self.build(), self.card, with_stripes=self._person is not None).eval()

    def describe(self, crops: Sequence[Image]) -> list[Appearance]:
        """One appearance per crop; crops are uint8 (h, w, 3) BGR pictures of any size."""
        features, attributes, person = self._run(crops)
        embeddings = self.embeddings(features, attributes)
        return [Appearance(a, e, float(p)) for a, e, p in zip(attributes, embeddings, person, strict=True)]

    def similarity_of(self, probability: float) -> float | None:
        """The similarity of two crops that show one person with this probability; None without calibration."""
        return self.card.calibration.similarity_of(probability)

    def parts(self, crops: Sequence[Image]) -> tuple[Floats, Floats]:
        """(N, 512) backbone features, not normalised, and (N, 32) calibrated attribute probabilities."""
        features, attributes, _ = self._run(crops)
        return features, attributes

    def _run(self, crops: Sequence[Image]) -> tuple[Floats, Floats, Floats]:
        """As `parts` gives them, and (N,) how much each crop looks like a person; see `surveil.types.Appearance`."""
        parts = [self._batch(crops[start : start + self.batch_size]) for start in range(0, len(crops), self.batch_size)]
        nothing = (np.zeros((0, 512), np.float32), np.zeros((0, 32), np.float32), np.zeros(0, np.float32))
        features, attributes, person = (np.concatenate(part) for part in zip(nothing, *parts, strict=True))
        return features, attributes, person

    def _batch(self, crops: Sequence[Image]) -> tuple[Floats, Floats, Floats]:
        features, logits, *told = self.runtime(as_images(crops, self.card.input_size))
        attributes = self.card.calibration.probabilities(logits)
        if self._person is None or not told:
            return features, attributes, np.ones(len(crops), np.float32)
        return features, attributes, logistic(self._person(told[0]))

    def embeddings(self, features: Floats, attributes: Floats) -> Floats:
        """(N, 512) features and (N, 32) probabilities to (N, 544) embeddings, weighted as the card says."""
        joined = join_parts(features, attributes, self.card.feature_weight, self.card.attribute_weight)
        weights = self.card.dimension_weights
        return l2_normalize(joined * np.asarray(weights, np.float32)) if weights else joined


def graph_sha256(card: Card, *, with_stripes: bool) -> str:
    """Tells apart what a runtime runs: the weights of a card, and whether they give stripes; "" without weights."""
    if not (with_stripes and card.sha256):
        return card.sha256
    return hashlib.sha256(f"{card.sha256} with stripes".encode()).hexdigest()


def as_images(crops: Sequence[Image], size: tuple[int, int]) -> Floats:
    """uint8 BGR crops of any size to (N, 3, height, width) float32 RGB from 0 to 1."""
    resized = np.stack([resize(crop, *size) for crop in crops])
    return np.ascontiguousarray(resized[..., ::-1].transpose(0, 3, 1, 2), np.float32) / np.float32(255)


def resize(crop: Image, height: int, width: int) -> Image:
    """A crop at the network's input size; area averaging when it shrinks, so that fine patterns do not alias."""
    if crop.shape[:2] == (height, width):
        return crop
    shrinks = crop.shape[0] > height or crop.shape[1] > width
    resized = cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return resized.astype(np.uint8, copy=False)


def l2_normalize(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row divided by its length; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: NDArray[np.float32] = vectors / np.maximum(lengths, np.float32(1e-12))
    return scaled


def join_parts(features: Floats, attributes: Floats, feature_weight: float, attribute_weight: float) -> Floats:
    """The 544-d embedding: both parts to unit length, weighted, side by side, unit length again."""
    return l2_normalize(
        np.concatenate([feature_weight * l2_normalize(features), attribute_weight * l2_normalize(attributes)], axis=1)
    )


def summarise(appearances: Iterable[Appearance], qualities: Sequence[float]) -> Appearance:
    """The appearance of a sighting: the quality-weighted mean of its crops', the embedding to unit length again.

    Raises:
        ValueError: There is no crop, or the numbers of crops and qualities differ.
    """
    pairs = list(zip(appearances, qualities, strict=True))
    if not pairs:
        raise ValueError("a sighting needs at least one crop")
    weights = np.maximum(np.asarray([quality for _, quality in pairs], np.float32), 1e-6)
    weights /= weights.sum()
    attributes = weights @ np.stack([appearance.attributes for appearance, _ in pairs])
    embedding = weights @ np.stack([appearance.embedding for appearance, _ in pairs])
    return Appearance(attributes.astype(np.float32), l2_normalize(embedding[None].astype(np.float32))[0])
