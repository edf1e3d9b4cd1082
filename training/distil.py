"""Distillation: a student learns to see people as better networks do."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from surveil.attributes import AGE, INDEPENDENT, LOWER, UPPER
from surveil.model.network import Outputs


@dataclass(frozen=True, slots=True)
class Taught:
    """What the teachers say of a batch; as `training.datasets.Lessons`.

    Attributes:
        embeddings: (N, D) of unit length.
        attributes: (N, 32) probabilities.
    """

    embeddings: Tensor
    attributes: Tensor


def distillation_losses(student: Outputs, imitated: Tensor, taught: Taught) -> dict[str, Tensor]:
    """How far a student is from its teachers, three ways; all are zero for a perfect imitation.

    "features": 1 - cosine of each image's embedding and of what a linear layer makes of the student's features.
    "similarities": mean squared difference of the two matrices of cosines between the images of the batch (after Tung
    and Mori, "Similarity-preserving knowledge distillation", ICCV 2019). "logits": cross-entropy against the teachers'
    attribute probabilities less their entropy, averaged over the four groups (Hinton et al., "Distilling the knowledge
    in a neural network", 2015; temperature 1, for the teachers' doubts are what is wanted).

    Args:
        student: What it says of N images.
        imitated: (N, D) its features behind a linear layer.
        taught: What it should say.
    """
    own = F.normalize(student.features.float())
    target = taught.embeddings
    return {
        "features": 1 - (F.normalize(imitated.float()) * target).sum(dim=1).mean(),
        "similarities": F.mse_loss(own @ own.T, target @ target.T),
        "logits": _divergence(student.logits.float(), taught.attributes.clamp(1e-6, 1 - 1e-6)),
    }


def _divergence(student: Tensor, teacher: Tensor) -> Tensor:
    groups = [
        F.kl_div(student[:, part].log_softmax(1), teacher[:, part], reduction="batchmean")
        for part in (AGE, UPPER, LOWER)
    ]
    sure = teacher[:, INDEPENDENT]
    crossed = F.binary_cross_entropy_with_logits(student[:, INDEPENDENT], sure)
    entropy = F.binary_cross_entropy(sure, sure)
    return torch.stack([*groups, crossed - entropy]).mean()
