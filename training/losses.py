"""The losses: the report's average over the four attribute groups, identity, and batch-hard triplets."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from surveil.attributes import AGE, INDEPENDENT, LOWER, UPPER


def attribute_loss(logits: Tensor, targets: Tensor, shares: Tensor | None = None) -> Tensor:
    """The report's loss: the plain average of CE(age), BCE(independent), CE(upper colour), CE(lower colour).

    Args:
        logits: (N, 32).
        targets: (N, 32) zeros and ones; rows with NaN are people whose attributes nobody wrote down: left out.
        shares: (32,) how often each output is 1 among the training people. If given, what is rare weighs more:
            exp(1 - share) for a 1 and exp(share) for a 0 of an independent output (Li et al., "Multi-attribute learning
            for pedestrian attribute recognition in surveillance scenarios", ACPR 2015), and 1 / sqrt(share) for a value
            of age or colour, of mean 1 over the people.
    """
    known = ~targets.isnan().any(dim=1)
    if not known.any():
        return logits.sum() * 0
    logits, targets = logits[known], targets[known]
    exclusive, weights = [], None
    for part in (AGE, UPPER, LOWER):
        each = F.cross_entropy(logits[:, part], targets[:, part], reduction="none")
        if shares is not None:
            rarity = shares[part].clamp(min=0.005).rsqrt()
            each = each * (targets[:, part] @ rarity) / (shares[part] * rarity).sum()
        exclusive.append(each.mean())
    if shares is not None:
        ones = targets[:, INDEPENDENT]
        weights = torch.where(ones > 0.5, torch.exp(1 - shares[INDEPENDENT]), torch.exp(shares[INDEPENDENT]))
    independent = F.binary_cross_entropy_with_logits(logits[:, INDEPENDENT], targets[:, INDEPENDENT], weights)
    return torch.stack([*exclusive, independent]).mean()


def triplet_loss(features: Tensor, ids: Tensor, margin: float) -> Tensor:
    """Batch-hard triplet loss (Hermans et al., 2017) on Euclidean distances.

    Args:
        features: (N, D).
        ids: (N,) identities; every identity appears at least twice, and there are at least two.
        margin: How much farther the nearest other person has to be than the farthest image of the same one.
    """
    distances = torch.cdist(features.float(), features.float())
    same = ids[:, None] == ids[None, :]
    farthest = distances.masked_fill(~same, 0).amax(dim=1)
    nearest = distances.masked_fill(same, torch.inf).amin(dim=1)
    return F.relu(farthest - nearest + margin).mean()
