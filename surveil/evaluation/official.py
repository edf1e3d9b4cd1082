"""The official Market-1501 protocol, whole: describe the crops, rank the gallery, score the attributes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from surveil.evaluation.attribute_query import AttributeQueryResult, evaluate_attribute_queries
from surveil.evaluation.attributes import AttributesResult, evaluate_attributes
from surveil.evaluation.clustering import ClusteringQuality, clustering_quality
from surveil.evaluation.curves import Reliability, pair_similarities, same_person_reliability
from surveil.evaluation.market1501 import Split, find_attributes, load_attributes, load_split, target_matrix
from surveil.evaluation.reid import JUNK, ReIDResult, evaluate_similarities
from surveil.evaluation.report_accounting import ReportAccounting, report_accounting
from surveil.evaluation.rerank import reranked_similarities
from surveil.identities.linkage import average_linkage
from surveil.model.checkpoint import Card
from surveil.model.embed import AppearanceModel, join_parts, unit
from surveil.types import Floats

FEATURES, ATTRIBUTES, PLAIN, JOINED = "features 512", "attributes 32", "joined 544, unweighted", "joined 544"
"""What can rank the gallery: the backbone's features, the attribute probabilities, both side by side, each of unit
length, and both weighted by the model's card, as search uses them."""
MIRRORED, RERANKED = "joined 544, with mirror images", "joined 544, re-ranked"
"""`JOINED` with every picture described a second time from its mirror image, and with k-reciprocal re-ranking."""

PROBABILITIES = "probabilities"
_BLOCK = 512


@dataclass(frozen=True, slots=True, eq=False)
class OfficialResult:
    """What one model reaches.

    Attributes:
        card: Of the model.
        query: The query crops.
        gallery: The gallery crops without junk.
        query_embeddings: (Q, 544).
        gallery_embeddings: (G, 544).
        reid: Figures by what ranked the gallery; `JOINED` is the model's own.
        clustering: How the gallery's images of real identities group at the model's threshold.
        probabilities: (K, 32) of those images.
        same_person: How far the probability that two pictures show one person can be taken at its word, on all pairs of
            a query and a gallery image of another camera, half of the weight on those that do; None when not fitted.
        targets: (K, 32) what is annotated of them, 0 or 1; None where the dataset's folder has no annotations.
        attributes: How well they are recognised; None without annotations.
        accounting: The same as the report counts; None without annotations.
        attribute_queries: Descriptions that find people; None without annotations.
    """

    card: Card
    query: Split
    gallery: Split
    query_embeddings: Floats
    gallery_embeddings: Floats
    reid: dict[str, ReIDResult]
    clustering: ClusteringQuality
    probabilities: Floats
    same_person: Reliability | None = None
    targets: Floats | None = None
    attributes: AttributesResult | None = None
    accounting: ReportAccounting | None = None
    attribute_queries: AttributeQueryResult | None = None

    def summary(self) -> dict[str, object]:
        """For JSON: figures from 0 to 1."""
        parts = {name: result.summary() for name, result in self.reid.items()}
        return {
            "protocol": "official",
            "model": self.card.name,
            "model_sha256": self.card.sha256,
            "reid": {**parts[JOINED], "parts": parts},
            "same_person_calibration_error": None if self.same_person is None else self.same_person.error,
            "clustering": {"threshold": self.card.cluster_threshold, **self.clustering.summary()},
            "attributes": None if self.attributes is None else self.attributes.summary(),
            "attributes_in_the_reports_accounting": None if self.accounting is None else self.accounting.summary(),
            "attribute_queries": None if self.attribute_queries is None else self.attribute_queries.summary(),
        }


def evaluate_official(
    folder: Path, model: AppearanceModel, progress: Callable[[str, int, int], None] = lambda *_: None, *,
    mirrored: bool = False, reranked: bool = False,
) -> OfficialResult:  # fmt: skip
    """Run the protocol on the test split of a dataset folder.

    Args:
        folder: As `load_split` takes it.
        model: What describes the crops.
        progress: Called with the split's name, crops done and crops in all.
        mirrored: Whether to measure also with mirror images, which takes twice the time.
        reranked: Whether to measure also with re-ranking, which takes about a minute for the whole dataset.

    Raises:
        DatasetError: The folder's layout, pictures or annotations are not the dataset's.
    """
    query, gallery = load_split(folder, "query"), load_split(folder, "gallery")
    gallery = gallery.select(gallery.ids != JUNK)  # a fifth of the gallery, and no ranking shows it
    # Before the slow part, so that annotations of another dataset are reported at once.
    annotated = _annotations(folder, gallery)
    query_parts = describe(model, query, lambda done: progress("query", done, len(query)), mirrored=mirrored)
    gallery_parts = describe(model, gallery, lambda done: progress("gallery", done, len(gallery)), mirrored=mirrored)
    known = gallery.ids > 0
    result = OfficialResult(
        card=model.card,
        query=query,
        gallery=gallery,
        query_embeddings=query_parts[JOINED],
        gallery_embeddings=gallery_parts[JOINED],
        reid={name: _rank(query, gallery, query_parts[name] @ gallery_parts[name].T) for name in _ranked(query_parts)},
        same_person=_same_person(model.card, query, gallery, query_parts[JOINED], gallery_parts[JOINED]),
        clustering=clustering_quality(
            average_linkage(gallery_parts[JOINED][known], model.card.cluster_threshold, np.zeros((0, 2), np.int64)),
            gallery.ids[known],
            gallery.cameras[known],
        ),
        probabilities=gallery_parts[PROBABILITIES][known],
    )
    if reranked:
        similarities = reranked_similarities(query_parts[JOINED], gallery_parts[JOINED])
        result.reid[RERANKED] = _rank(query, gallery, similarities)
    return result if annotated is None else _with_attributes(result, annotated, gallery_parts[PROBABILITIES])


def _annotations(folder: Path, gallery: Split) -> dict[int, Floats] | None:
    """(32,) targets by identity, of every one that the gallery shows; None where there is no annotation file."""
    if find_attributes(folder) is None:
        return None
    annotated = load_attributes(folder, "test")
    target_matrix(gallery.ids[gallery.ids > 0], annotated)
    return annotated


def _ranked(parts: dict[str, Floats]) -> list[str]:
    return [name for name in (JOINED, PLAIN, FEATURES, ATTRIBUTES, MIRRORED) if name in parts]


def _rank(query: Split, gallery: Split, similarities: Floats) -> ReIDResult:
    return evaluate_similarities(similarities, query.ids, query.cameras, gallery.ids, gallery.cameras)


def _same_person(card: Card, query: Split, gallery: Split, asked: Floats, held: Floats) -> Reliability | None:
    pairs = pair_similarities(asked, query.ids, query.cameras, held, gallery.ids, gallery.cameras)
    probability = card.calibration.same_person(pairs.centres)
    return None if probability is None else same_person_reliability(pairs, probability)


def _with_attributes(result: OfficialResult, annotated: dict[int, Floats], probabilities: Floats) -> OfficialResult:
    ids = result.gallery.ids
    targets = target_matrix(ids[ids > 0], annotated)
    return replace(
        result,
        targets=targets,
        attributes=evaluate_attributes(result.probabilities, targets, result.card.calibration.threshold_of()),
        accounting=report_accounting(result.probabilities, targets),
        attribute_queries=evaluate_attribute_queries(probabilities, ids, annotated),
    )


def describe(
    model: AppearanceModel, split: Split, progress: Callable[[int], None], *, mirrored: bool = False
) -> dict[str, Floats]:
    """Unit vectors of every crop by what they are made of, and the (N, 32) probabilities as they are."""
    blocks, mirrors = [], []
    for start in range(0, len(split), _BLOCK):
        crops = split.decode(slice(start, start + _BLOCK))
        blocks.append(model.parts(list(crops)))
        if mirrored:
            mirrors.append(model.parts(list(np.ascontiguousarray(crops[:, :, ::-1]))))
        progress(min(start + _BLOCK, len(split)))
    features, probabilities = (np.concatenate(part) for part in zip(*blocks, strict=True))
    parts = {
        FEATURES: unit(features),
        ATTRIBUTES: unit(probabilities),
        PLAIN: join_parts(features, probabilities, 1.0, 1.0),
        JOINED: model.embeddings(features, probabilities),
        PROBABILITIES: probabilities,
    }
    if mirrored:
        other, others = (np.concatenate(part) for part in zip(*mirrors, strict=True))
        parts[MIRRORED] = model.embeddings((features + other) / 2, (probabilities + others) / 2)
    return parts
