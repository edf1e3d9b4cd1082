"""Distillation: a student learns to see people as a better network does."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from surveil.attributes import AGE, INDEPENDENT, LOWER, UPPER
from surveil.model.checkpoint import load_checkpoint
from surveil.model.network import Outputs
from training.augment import normalise


class Teacher:
    """A trained network, asked about the very pictures that the student sees.

    Args:
        weights: Its checkpoint.
        device: Where it runs.

    Raises:
        CheckpointError: The checkpoint cannot be used.
    """

    def __init__(self, weights: Path, device: torch.device) -> None:
        network, self.card = load_checkpoint(weights)
        self._network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Outputs:
        """What it says of (N, 3, H, W) RGB images from 0 to 1, augmented."""
        outputs: Outputs = self._network(normalise(images, self.card.input_size, self.card.mean, self.card.std))
        return outputs


def distillation_losses(student: Outputs, teacher: Outputs) -> dict[str, Tensor]:
    """How far a student is from its teacher, three ways; all are zero for a perfect imitation.

    "features": 1 - cosine of the two embeddings of each image. "similarities": mean squared difference of the two
    matrices of cosines between the images of the batch (after Tung and Mori, "Similarity-preserving knowledge
    distillation", ICCV 2019). "logits": cross-entropy against the teacher's attribute probabilities less their entropy,
    averaged over the four groups (Hinton et al., "Distilling the knowledge in a neural network", 2015; temperature 1,
    for the teacher's doubts are what is wanted).
    """
    own, target = F.normalize(student.features.float()), F.normalize(teacher.features.float())
    return {
        "features": 1 - (own * target).sum(dim=1).mean(),
        "similarities": F.mse_loss(own @ own.T, target @ target.T),
        "logits": _divergence(student.logits.float(), teacher.logits.float()),
    }


def _divergence(student: Tensor, teacher: Tensor) -> Tensor:
    groups = [
        F.kl_div(
            student[:, part].log_softmax(1), teacher[:, part].log_softmax(1), reduction="batchmean", log_target=True
        )
        for part in (AGE, UPPER, LOWER)
    ]
    sure = teacher[:, INDEPENDENT].sigmoid()
    crossed = F.binary_cross_entropy_with_logits(student[:, INDEPENDENT], sure)
    entropy = F.binary_cross_entropy_with_logits(teacher[:, INDEPENDENT], sure)
    return torch.stack([*groups, crossed - entropy]).mean()
