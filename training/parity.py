"""A model as one network in float32, with all that its card says, and how far two of them are apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from surveil.attributes import OUTPUTS
from surveil.calibration import Calibration
from surveil.model.checkpoint import FEATURES, Card
from surveil.model.embed import as_images
from surveil.model.network import PersonNetwork, probabilities
from surveil.model.picture_network import PictureNetwork
from surveil.types import Floats, Image

PARTS = ("features", "probabilities", "embedding")


class CalibratedProbabilities(nn.Module):
    """Logits to the probabilities that leave the model: each output divided by its temperature, shifted, normalised."""

    temperatures: Tensor
    offsets: Tensor

    def __init__(self, calibration: Calibration) -> None:
        super().__init__()
        self.register_buffer("temperatures", torch.from_numpy(calibration.output_temperatures()))
        self.register_buffer("offsets", torch.tensor(calibration.offsets, dtype=torch.float32))

    def forward(self, logits: Tensor) -> Tensor:
        """(N, 32) logits in, (N, 32) probabilities out."""
        return probabilities(logits.float() / self.temperatures + self.offsets)


class WholeModel(nn.Module):
    """A network with all that its card says of pictures and outputs: what `AppearanceModel` computes, in float32.

    Args:
        network: Of the card; stays where it is.
        card: Its normalisation, calibration and weights of the embedding become part of the model.
    """

    weights: Tensor

    def __init__(self, network: PersonNetwork, card: Card) -> None:
        super().__init__()
        self.network = PictureNetwork(network, card)
        self.probabilities = CalibratedProbabilities(card.calibration)
        parts = np.repeat([card.feature_weight, card.attribute_weight], [FEATURES, OUTPUTS])
        dimensions = np.asarray(card.dimension_weights or 1.0)
        self.register_buffer("weights", torch.from_numpy((parts * dimensions).astype(np.float32)))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(N, 3, H, W) RGB images from 0 to 1 to (N, 512) features, (N, 32) probabilities and (N, 544) embeddings."""
        features, logits = self.network(images)
        probabilities = self.probabilities(logits)
        parts = [nn.functional.normalize(part) for part in (features, probabilities)]
        return features, probabilities, nn.functional.normalize(torch.cat(parts, dim=1) * self.weights)


def predict(model: WholeModel, crops: Sequence[Image], size: tuple[int, int], *, batch_size: int = 64) -> list[Floats]:
    """What a model says of uint8 BGR crops: features, probabilities and embeddings, each (N, D)."""
    model.eval()
    said = []
    with torch.inference_mode():
        for start in range(0, len(crops), batch_size):
            said.append(model(torch.from_numpy(as_images(crops[start : start + batch_size], size))))
    return [torch.cat(parts).numpy() for parts in zip(*said, strict=True)]


def largest_differences(expected: Sequence[Floats], found: Sequence[Floats]) -> dict[str, float]:
    """The largest absolute difference of each of a model's three outputs."""
    return {name: float(np.abs(one - other).max()) for name, one, other in zip(PARTS, expected, found, strict=True)}
