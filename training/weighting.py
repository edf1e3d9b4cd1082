"""A learned weight for each of the 544 dimensions: the report's "re-weighting function" for its distance."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from surveil.model.embed import l2_normalize
from surveil.types import Floats

_TEMPERATURE = 0.07


def learn_weights(
    embeddings: Floats, ids: NDArray[np.int64], cameras: NDArray[np.int64], *, steps: int = 60, decay: float = 0.02
) -> Floats:
    """(D,) positive weights that bring images of one person by different cameras closer than those of others.

    Neighbourhood components analysis (Goldberger et al., NIPS 2004) with a diagonal matrix and a fixed temperature:
    every image picks one of those by other cameras, the likelier the more similar; the weights maximise the probability
    that it picks its own person.

    Args:
        embeddings: (N, D) of unit length, of people whom the network was not trained on.
        ids: (N,) identities.
        cameras: (N,) cameras.
        steps: Of Adam, each over all pairs.
        decay: How strongly the logarithms of the weights are drawn to 0, that is to no weighting.
    """
    vectors = torch.from_numpy(l2_normalize(embeddings))
    candidate = torch.from_numpy(cameras[:, None] != cameras[None, :])
    same = torch.from_numpy(ids[:, None] == ids[None, :]) & candidate
    asked = same.any(dim=1)
    logarithms = torch.zeros(vectors.shape[1], requires_grad=True)
    optimiser = torch.optim.Adam([logarithms], lr=0.05)
    for _ in range(steps):
        optimiser.zero_grad()
        loss = _surprise(vectors * logarithms.exp(), candidate, same, asked) + decay * logarithms.square().mean()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    weights: Floats = logarithms.detach().exp().numpy()
    return weights


def _surprise(vectors: Tensor, candidate: Tensor, same: Tensor, asked: Tensor) -> Tensor:
    vectors = torch.nn.functional.normalize(vectors)
    chances = (vectors @ vectors.T / _TEMPERATURE).masked_fill(~candidate, -torch.inf).log_softmax(dim=1)
    own = chances.masked_fill(~same, -torch.inf)[asked].logsumexp(dim=1)
    return -own.mean()
