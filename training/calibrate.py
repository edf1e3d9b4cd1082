"""Calibration on held-out identities: the weights of the embedding's parts, temperatures, similarity to probability."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from surveil.attributes import ATTRIBUTES, Attribute
from surveil.evaluation.reid import evaluate_ranking
from surveil.model.calibration import Calibration
from surveil.model.checkpoint import Card
from surveil.model.embed import AppearanceModel, join_parts
from surveil.model.network import PersonNetwork
from surveil.types import Floats
from training.datasets import PersonImages

ATTRIBUTE_WEIGHTS = tuple(round(0.1 * i, 1) for i in range(13))


def calibrate(network: PersonNetwork, card: Card, people: PersonImages, *, device: str = "auto") -> Card:
    """The card with embedding weights and calibration fitted on people that the network was not trained on."""
    model = AppearanceModel(network, dataclasses.replace(card, calibration=Calibration()), device=device)
    features, attributes = model.parts(list(people.images))
    scores = {weight: _mean_average_precision(features, attributes, weight, people) for weight in ATTRIBUTE_WEIGHTS}
    weight = max(scores, key=lambda candidate: scores[candidate])
    temperatures = tuple(_temperature(a, a.probabilities(attributes), people.targets) for a in ATTRIBUTES)
    slope, intercept = _similarity_curve(join_parts(features, attributes, 1.0, weight), people)
    return dataclasses.replace(
        card,
        attribute_weight=weight,
        calibration=Calibration(temperatures, slope, intercept),
        metrics={**card.metrics, "validation_mAP": round(scores[weight], 4)},
    )


def _mean_average_precision(features: Floats, attributes: Floats, weight: float, people: PersonImages) -> float:
    """MAP with one query per identity and camera, everything else the gallery."""
    embeddings = join_parts(features, attributes, 1.0, weight)
    seen = np.stack([people.ids, people.cameras], axis=1)
    _, queries = np.unique(seen, axis=0, return_index=True)
    gallery = np.setdiff1d(np.arange(len(people)), queries)
    result = evaluate_ranking(
        embeddings[queries], people.ids[queries], people.cameras[queries],
        embeddings[gallery], people.ids[gallery], people.cameras[gallery],
    )  # fmt: skip
    return result.mean_average_precision


def _temperature(attribute: Attribute, probabilities: Floats, targets: Floats) -> float:
    """The temperature that makes the true labels likeliest; log-probabilities serve as logits."""
    logits = np.log(np.clip(probabilities.astype(np.float64), 1e-7, 1))
    truth = attribute.probabilities(targets).argmax(axis=1)

    def surprise(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        scaled -= np.logaddexp.reduce(scaled, axis=1, keepdims=True)
        return float(-scaled[np.arange(len(truth)), truth].mean())

    return round(float(np.exp(minimize_scalar(surprise, bounds=(-2, 3), method="bounded").x)), 4)


def _similarity_curve(embeddings: Floats, people: PersonImages) -> tuple[float, float]:
    """Platt scaling on pairs from different cameras; same and different people weigh the same in total."""
    similarity, same = _pairs(embeddings, people)
    weights = np.where(same, 0.5 / same.sum(), 0.5 / (~same).sum())
    sign = np.where(same, 1.0, -1.0)

    def surprise(curve: NDArray[np.float64]) -> float:
        return float((weights * np.logaddexp(0, -sign * (curve[0] * similarity + curve[1]))).sum())

    slope, intercept = minimize(surprise, np.array([10.0, -5.0]), method="Nelder-Mead").x
    return round(float(slope), 4), round(float(intercept), 4)


def _pairs(embeddings: Floats, people: PersonImages) -> tuple[Floats, NDArray[np.bool_]]:
    first, second = np.triu_indices(len(people), k=1)
    other_camera = people.cameras[first] != people.cameras[second]
    first, second = first[other_camera], second[other_camera]
    similarity = (embeddings @ embeddings.T)[first, second]
    return similarity, people.ids[first] == people.ids[second]
