"""Calibration on held-out identities: weights of the embedding's parts, curves and thresholds of the attributes, and
from similarity to probability.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from surveil.attributes import ATTRIBUTES, INDEPENDENT, Attribute
from surveil.calibration import Calibration, signed_power
from surveil.evaluation.metrics.clustering import clustering_quality
from surveil.evaluation.metrics.reid import evaluate_ranking
from surveil.evaluation.protocols.market1501 import split_identities
from surveil.identities.linkage import average_linkage
from surveil.model.checkpoint import Card
from surveil.model.embed import AppearanceModel, join_parts, l2_normalize
from surveil.model.network import PersonNetwork
from surveil.types import Floats
from training.datasets import PersonImages
from training.weighting import learn_weights

MIN_GAIN = 0.002
"""Of mAP, for which 544 learned weights are worth keeping."""
CLUSTER_THRESHOLDS = tuple(round(0.3 + 0.02 * i, 2) for i in range(31))
ATTRIBUTE_WEIGHTS = tuple(round(0.1 * i, 1) for i in range(13))


def calibrate(
    network: PersonNetwork,
    card: Card,
    people: PersonImages,
    *,
    raw: Floats | None = None,
    matches: PersonImages | None = None,
    device: str = "auto",
) -> Card:
    """The card with embedding weights and calibration fitted on people that the network was not trained on.

    Args:
        network: In evaluation mode.
        card: Its calibration is left out of account.
        people: Fit the attributes, the weights of the embedding and the threshold of groups.
        raw: (N, 32) probabilities of people, not calibrated, for a network that has learned from them: by others that
            have not. None: the network's own.
        matches: Fit the probability of a match; for a network that may have learned to tell `people` apart. None:
            `people`.
        device: Where the network runs.
    """
    model = AppearanceModel(lambda: network, dataclasses.replace(card, calibration=Calibration()), device=device)
    features, own = model.parts(list(people.images))
    raw = own if raw is None else raw
    fitted = fit_outputs(raw, people)
    attributes = probabilities_of(raw, fitted)
    scores = {w: mean_average_precision(join_parts(features, attributes, 1.0, w), people) for w in ATTRIBUTE_WEIGHTS}
    weight = max(scores, key=lambda candidate: scores[candidate])
    embeddings = join_parts(features, attributes, 1.0, weight)
    learned, gain = _learned_weights(embeddings, people)
    embeddings = l2_normalize(embeddings * learned) if len(learned) else embeddings
    pairs = (embeddings, people)
    if matches is not None:
        tuned = dataclasses.replace(
            card, attribute_weight=weight, dimension_weights=tuple(learned.tolist()), calibration=fitted
        )
        pairs = (_embeddings(network, tuned, matches, device), matches)
    slope, intercept, power = _similarity_curve(*pairs)
    return dataclasses.replace(
        card,
        attribute_weight=weight,
        cluster_threshold=_cluster_threshold(embeddings, people),
        dimension_weights=tuple(round(float(value), 4) for value in learned),
        calibration=dataclasses.replace(fitted, slope=slope, intercept=intercept, power=power),
        metrics={
            **card.metrics,
            "validation_mAP": round(scores[weight], 4),
            "validation_mAP_512": round(scores[0.0], 4),
            "validation_gain_of_learned_dimension_weights": round(gain, 4),
        },
    )


def _embeddings(network: PersonNetwork, card: Card, people: PersonImages, device: str) -> Floats:
    """(N, 544) of people by a card whose weights and attributes are fitted."""
    model = AppearanceModel(lambda: network, card, device=device)
    return model.embeddings(*model.parts(list(people.images)))


def fit_outputs(raw: Floats, people: PersonImages) -> Calibration:
    """Temperatures, offsets and thresholds from (N, 32) probabilities as the network gives them."""
    curves = [_curve(attribute, raw, people) for attribute in ATTRIBUTES]
    scaled = Calibration(
        temperatures=tuple(temperature for temperature, _ in curves),
        offsets=tuple(offset for _, offsets in curves for offset in offsets),
    )
    attributes = probabilities_of(raw, scaled)
    thresholds = tuple(best_threshold(attributes[:, a.first]) for a in ATTRIBUTES if not a.exclusive)
    return dataclasses.replace(scaled, thresholds=thresholds)


def probabilities_of(raw: Floats, calibration: Calibration) -> Floats:
    """(N, 32) probabilities as the network gives them to calibrated ones."""
    return calibration.probabilities(_logits(raw))


def _logits(probabilities: Floats) -> Floats:
    """Logits that give these probabilities: a softmax does not see what they have in common."""
    clipped = np.clip(probabilities, 1e-6, 1 - 1e-6)
    logits = np.log(clipped)
    logits[:, INDEPENDENT] -= np.log1p(-clipped[:, INDEPENDENT])
    return logits


def best_threshold(probabilities: Floats) -> float:
    """The threshold of the best expected F1 of one binary attribute.

    Expected over the calibrated probabilities (N,) themselves, not over labels: the few people with a hat among the
    validation identities would make a threshold of chance. After Lipton et al., "Optimal thresholding of classifiers to
    maximize F1 measure", ECML 2014: an attribute as common as its opposite ends near one half, a rare one far below.
    """
    falling = np.sort(probabilities.astype(np.float64))[::-1]
    f1 = 2 * falling.cumsum() / (np.arange(1, len(falling) + 1) + falling.sum())
    return round(float(min(0.5, falling[f1.argmax()])), 4)


def mean_average_precision(embeddings: Floats, people: PersonImages) -> float:
    """MAP with one query per identity and camera, everything else the gallery."""
    seen = np.stack([people.ids, people.cameras], axis=1)
    _, queries = np.unique(seen, axis=0, return_index=True)
    gallery = np.setdiff1d(np.arange(len(people)), queries)
    result = evaluate_ranking(
        embeddings[queries],
        people.ids[queries],
        people.cameras[queries],
        embeddings[gallery],
        people.ids[gallery],
        people.cameras[gallery],
    )
    return result.mean_average_precision


def _learned_weights(embeddings: Floats, people: PersonImages) -> tuple[Floats, float]:
    """Weights of the dimensions, or none where they do not help, and what they add to the mAP of people unseen.

    Each half of the people judges the weights that were learned on the other half.
    """
    half = split_identities(people.ids, 0.5, seed=0)
    gains = []
    for learn, judge in ((half, ~half), (~half, half)):
        weights = learn_weights(embeddings[learn], people.ids[learn], people.cameras[learn])
        plain, judges = embeddings[judge], people.of(judge)
        gains.append(
            mean_average_precision(l2_normalize(plain * weights), judges) - mean_average_precision(plain, judges)
        )
    gain = float(np.mean(gains))
    helps = gain >= MIN_GAIN
    return learn_weights(embeddings, people.ids, people.cameras) if helps else np.zeros(0, np.float32), gain


def _cluster_threshold(embeddings: Floats, people: PersonImages) -> float:
    """The threshold of average linkage whose groups have the best pairwise F."""
    alone = np.ones(len(embeddings), np.int64)

    def quality(threshold: float) -> float:
        groups = average_linkage(embeddings, alone, threshold)
        return clustering_quality(groups, people.ids, people.cameras).pairwise_f

    return max(CLUSTER_THRESHOLDS, key=quality)


def _curve(attribute: Attribute, raw: Floats, people: PersonImages) -> tuple[float, tuple[float, ...]]:
    """The temperature and the offsets of an attribute's outputs that make the true labels likeliest.

    All images of a person share their labels, so offsets answer to as many cases as there are people: a normal prior of
    unit width, weighed against that number, keeps those of labels that hardly occur near zero.
    """
    logits = _logits(raw)[:, attribute.outputs].astype(np.float64)
    targets = people.targets[:, attribute.outputs].astype(np.float64)
    strength = 0.5 / len(np.unique(people.ids))

    def surprise(values: NDArray[np.float64]) -> float:
        scaled = logits / np.exp(values[0]) + values[1:]
        if attribute.exclusive:
            scaled -= np.logaddexp.reduce(scaled, axis=1, keepdims=True)
            likelihood = (targets * scaled).sum(axis=1)
        else:
            likelihood = -np.logaddexp(0, np.where(targets > 0.5, -scaled, scaled))[:, 0]
        return float(-likelihood.mean() + strength * (values**2).sum())

    best = minimize(surprise, np.zeros(1 + logits.shape[1]), method="L-BFGS-B").x
    return round(float(np.exp(best[0])), 4), tuple(round(float(offset), 4) for offset in best[1:])


def _similarity_curve(embeddings: Floats, people: PersonImages) -> tuple[float, float, float]:
    """Slope, intercept and power of a logistic curve in a power of the similarity (Platt scaling for a power of 1), on
    pairs from different cameras; same and different people weigh the same in total.
    """
    similarity, same = _pairs(embeddings, people)
    weights = np.where(same, 0.5 / same.sum(), 0.5 / (~same).sum())
    sign = np.where(same, 1.0, -1.0)

    def surprise(curve: NDArray[np.float64]) -> float:
        slope, intercept, power = curve
        if power <= 0:
            return np.inf
        return float((weights * np.logaddexp(0, -sign * (slope * signed_power(similarity, power) + intercept))).sum())

    found = minimize(surprise, np.array([10.0, -5.0, 1.0]), method="Nelder-Mead", options={"maxiter": 2000}).x
    slope, intercept, power = (round(float(value), 4) for value in found)
    return slope, intercept, power


def _pairs(embeddings: Floats, people: PersonImages) -> tuple[Floats, NDArray[np.bool_]]:
    first, second = np.triu_indices(len(people), k=1)
    other_camera = people.cameras[first] != people.cameras[second]
    first, second = first[other_camera], second[other_camera]
    similarity = (embeddings @ embeddings.T)[first, second]
    return similarity, people.ids[first] == people.ids[second]
