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
        targets: (N, 32) from 0 to 1; what is NaN is not known and left out.
        shares: (32,) how often each output is 1 among the training people. If given, what is rare weighs more:
            exp(1 - share) for a 1 and exp(share) for a 0 of an independent output (Li et al., "Multi-attribute learning
            for pedestrian attribute recognition in surveillance scenarios", ACPR 2015), and 1 / sqrt(share) for a value
            of age or colour, of mean 1 over the people.
    """
    groups = [_exclusive_loss(logits, targets, part, shares) for part in (AGE, UPPER, LOWER)]
    return torch.stack([*groups, _independent_loss(logits, targets, shares)]).mean()


def _exclusive_loss(logits: Tensor, targets: Tensor, part: slice, shares: Tensor | None) -> Tensor:
    """Cross-entropy of one softmax group over those for whom it is known; 0 where it is nobody."""
    known = ~targets[:, part].isnan().any(dim=1)
    if not known.any():
        return logits.sum() * 0
    wanted = targets[known][:, part]
    each = F.cross_entropy(logits[known][:, part], wanted, reduction="none")
    if shares is not None:
        rarity = shares[part].clamp(min=0.005).rsqrt()
        each = each * (wanted @ rarity) / (shares[part] * rarity).sum()
    return each.mean()


def _independent_loss(logits: Tensor, targets: Tensor, shares: Tensor | None) -> Tensor:
    """Binary cross-entropy over all independent outputs that are known; 0 where none is."""
    wanted = targets[:, INDEPENDENT]
    known = ~wanted.isnan()
    if not known.any():
        return logits.sum() * 0
    weights = None
    if shares is not None:
        weights = torch.where(wanted > 0.5, torch.exp(1 - shares[INDEPENDENT]), torch.exp(shares[INDEPENDENT]))[known]
    return F.binary_cross_entropy_with_logits(logits[:, INDEPENDENT][known], wanted[known], weights)


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
