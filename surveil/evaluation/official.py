"""The official Market-1501 protocol, whole: describe the crops, rank the gallery, score the attributes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from surveil.evaluation.attribute_query import AttributeQueryResult, evaluate_attribute_queries
from surveil.evaluation.attributes import AttributesResult, evaluate_attributes
from surveil.evaluation.clustering import ClusteringQuality, clustering_quality
from surveil.evaluation.curves import PairSimilarities, Reliability, pair_similarities, same_person_reliability
from surveil.evaluation.market1501 import Split, find_attributes, load_attributes, load_split, target_matrix
from surveil.evaluation.reid import JUNK, ReIDResult, evaluate_similarities
from surveil.evaluation.report_accounting import ReportAccounting, report_accounting
from surveil.evaluation.rerank import reranked_similarities
from surveil.identities.linkage import average_linkage
from surveil.model.checkpoint import Card
from surveil.model.embed import AppearanceModel, join_parts, l2_normalize
from surveil.types import Floats

FEATURES, ATTRIBUTES, PLAIN, JOINED = "features 512", "attributes 32", "joined 544, unweighted", "joined 544"
"""What can rank the gallery: the backbone's features, the attribute probabilities, both side by side, each of unit
length, and both weighted by the model's card, as search uses them."""
MIRRORED, RERANKED = "joined 544, with mirror images", "joined 544, re-ranked"
"""`JOINED` with every picture described a second time from its mirror image, and with k-reciprocal re-ranking."""

PROBABILITIES = "probabilities"
_BLOCK = 512


@dataclass(frozen=True, slots=True, eq=False)
class AttributeFigures:
    """What annotations allow to measure on the K gallery images of real identities.

    Attributes:
        probabilities: (K, 32) as the model gives them.
        targets: (K, 32) what is annotated, 0 or 1.
        recognition: How well each attribute is recognised.
        accounting: The same as the report counts.
        queries: Descriptions that find people.
    """

    probabilities: Floats
    targets: Floats
    recognition: AttributesResult
    accounting: ReportAccounting
    queries: AttributeQueryResult

    def summary(self) -> dict[str, object]:
        """For JSON: figures from 0 to 1."""
        return {
            "attributes": self.recognition.summary(),
            "attributes_in_the_reports_accounting": self.accounting.summary(),
            "attribute_queries": self.queries.summary(),
        }


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
        pairs: How similar a query and a gallery image of another camera are, over all such pairs.
        clustering: How the gallery's images of real identities group at the model's threshold.
        attributes: Figures of the attributes; None where the dataset's folder has no annotations.
    """

    card: Card
    query: Split
    gallery: Split
    query_embeddings: Floats
    gallery_embeddings: Floats
    reid: dict[str, ReIDResult]
    pairs: PairSimilarities
    clustering: ClusteringQuality
    attributes: AttributeFigures | None = None

    @property
    def same_person(self) -> Reliability | None:
        """How far the probability that two pictures show one person can be taken at its word; None when not fitted."""
        probability = self.card.calibration.same_person(self.pairs.centres)
        return None if probability is None else same_person_reliability(self.pairs, probability)

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
            **({"attributes": None} if self.attributes is None else self.attributes.summary()),
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
    annotated = load_attributes(folder, "test") if find_attributes(folder) is not None else None
    known = gallery.ids > 0
    targets = None if annotated is None else target_matrix(gallery.ids[known], annotated)
    query_parts = describe(model, query, lambda done: progress("query", done, len(query)), mirrored=mirrored)
    gallery_parts = describe(model, gallery, lambda done: progress("gallery", done, len(gallery)), mirrored=mirrored)
    result = OfficialResult(
        card=model.card,
        query=query,
        gallery=gallery,
        query_embeddings=query_parts[JOINED],
        gallery_embeddings=gallery_parts[JOINED],
        reid={name: _rank(query, gallery, query_parts[name] @ gallery_parts[name].T) for name in _ranked(query_parts)},
        pairs=pair_similarities(
            query_parts[JOINED], query.ids, query.cameras, gallery_parts[JOINED], gallery.ids, gallery.cameras
        ),
        clustering=clustering_quality(
            average_linkage(gallery_parts[JOINED][known], np.ones(known.sum(), np.int64), model.card.cluster_threshold),
            gallery.ids[known],
            gallery.cameras[known],
        ),
    )
    if reranked:
        similarities = reranked_similarities(query_parts[JOINED], gallery_parts[JOINED])
        result.reid[RERANKED] = _rank(query, gallery, similarities)
    if annotated is None or targets is None:
        return result
    probabilities = gallery_parts[PROBABILITIES]
    figures = AttributeFigures(
        probabilities[known],
        targets,
        evaluate_attributes(
            probabilities[known], targets, model.card.calibration.threshold_of(), people=gallery.ids[known]
        ),
        report_accounting(probabilities[known], targets),
        evaluate_attribute_queries(probabilities, gallery.ids, annotated),
    )
    return replace(result, attributes=figures)


def _ranked(parts: dict[str, Floats]) -> list[str]:
    return [name for name in (JOINED, PLAIN, FEATURES, ATTRIBUTES, MIRRORED) if name in parts]


def _rank(query: Split, gallery: Split, similarities: Floats) -> ReIDResult:
    return evaluate_similarities(similarities, query.ids, query.cameras, gallery.ids, gallery.cameras)


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
        FEATURES: l2_normalize(features),
        ATTRIBUTES: l2_normalize(probabilities),
        PLAIN: join_parts(features, probabilities, 1.0, 1.0),
        JOINED: model.embeddings(features, probabilities),
        PROBABILITIES: probabilities,
    }
    if mirrored:
        other, others = (np.concatenate(part) for part in zip(*mirrors, strict=True))
        parts[MIRRORED] = model.embeddings((features + other) / 2, (probabilities + others) / 2)
    return parts
