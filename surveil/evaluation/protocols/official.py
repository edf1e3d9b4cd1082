"""The official Market-1501 protocol, whole: describe the crops, rank the gallery, score the attributes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from surveil.evaluation.metrics.attribute_query import AttributeQueryResult, evaluate_attribute_queries
from surveil.evaluation.metrics.attributes import AttributesResult, evaluate_attributes
from surveil.evaluation.metrics.calibration import (
    PairSimilarities,
    ReliabilityCurve,
    pair_similarities,
    same_person_reliability,
)
from surveil.evaluation.metrics.clustering import ClusteringQuality, clustering_quality
from surveil.evaluation.metrics.filters import (
    FilterCurves,
    FilterFigures,
    evaluate_filter_curves,
    evaluate_filters,
)
from surveil.evaluation.metrics.paper_accounting import PaperAccounting, paper_accounting
from surveil.evaluation.metrics.reid import ReIDResult, evaluate_similarities
from surveil.evaluation.protocols.market1501 import Split, find_attributes, load_attributes, load_split, target_matrix
from surveil.identities.constraints import Constraints
from surveil.identities.grouping import group_sightings
from surveil.market1501_names import JUNK
from surveil.model.checkpoint import Card
from surveil.model.embed import AppearanceModel, join_parts, l2_normalize
from surveil.reranking import reranked_similarities
from surveil.types import Floats, Image

FEATURES, ATTRIBUTES, PLAIN, JOINED = "features 512", "attributes 32", "joined 544, unweighted", "joined 544"
"""What can rank the gallery: the backbone's features, the attribute probabilities, both side by side, each of unit
length, and both weighted by the model's card, as search uses them."""
MIRRORED, RERANKED = "joined 544, with mirror images", "joined 544, re-ranked"
"""`JOINED` with every picture described a second time from its mirror image, and with k-reciprocal re-ranking."""

PROBABILITIES = "probabilities"
_RANKED = (JOINED, PLAIN, FEATURES, ATTRIBUTES, MIRRORED)
_BLOCK = 512

Progress = Callable[[str, int, int], None]
"""Called with what is counted, how many are done and how many there are."""
Described = TypeVar("Described")


@dataclass(frozen=True, slots=True, eq=False)
class AttributeFigures:
    """What annotations allow to measure on the K gallery images of real identities.

    Attributes:
        probabilities: (K, 32) as the model gives them.
        targets: (K, 32) what is annotated, 0 or 1.
        recognition: How well each attribute is recognised.
        accounting: The same as the paper counts.
        queries: Descriptions that find people.
        filters: What each filter of a search finds.
        filter_curves: The same at other least probabilities.
    """

    probabilities: Floats
    targets: Floats
    recognition: AttributesResult
    accounting: PaperAccounting
    queries: AttributeQueryResult
    filters: dict[str, FilterFigures]
    filter_curves: FilterCurves

    def summary(self) -> dict[str, object]:
        """For JSON: figures from 0 to 1."""
        return {
            "attributes": self.recognition.summary(),
            "attributes_in_the_reports_accounting": self.accounting.summary(),
            "attribute_queries": self.queries.summary(),
            "filters": {name: figures.summary() for name, figures in self.filters.items()},
            "filters_by_least_probability": self.filter_curves.summary(),
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
        runtime: What ran the model, as `surveil.runtimes` calls it.
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
    runtime: str = "torch"

    @property
    def same_person(self) -> ReliabilityCurve | None:
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
    folder: Path,
    model: AppearanceModel,
    progress: Progress = lambda *_: None,
    *,
    mirrored: bool = False,
    reranked: bool = False,
) -> OfficialResult:
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
    query, gallery = load_test(folder)
    # Before the slow part, so that annotations of another dataset are reported at once.
    annotated = load_attributes(folder, "test") if find_attributes(folder) is not None else None
    known = gallery.ids > 0
    targets = None if annotated is None else target_matrix(gallery.ids[known], annotated)
    queries, images = (
        describe_crops(model, split, counter(progress, name, split), mirrored=mirrored)
        for name, split in (("query", query), ("gallery", gallery))
    )
    reid = {name: rank(query, gallery, queries[name] @ images[name].T) for name in _RANKED if name in queries}
    if reranked:
        reid[RERANKED] = rank(query, gallery, reranked_similarities(queries[JOINED], images[JOINED]))
    result = OfficialResult(
        card=model.card,
        query=query,
        gallery=gallery,
        query_embeddings=queries[JOINED],
        gallery_embeddings=images[JOINED],
        reid=reid,
        pairs=pair_similarities(
            queries[JOINED], query.ids, query.cameras, images[JOINED], gallery.ids, gallery.cameras
        ),
        clustering=_identities(images[JOINED][known], gallery.select(known), model.card.cluster_threshold),
        runtime=model.runtime.name,
    )
    if annotated is None or targets is None:
        return result
    return replace(
        result, attributes=_attribute_figures(images[PROBABILITIES], gallery, targets, annotated, model.card)
    )


def _attribute_figures(
    probabilities: Floats, gallery: Split, targets: Floats, annotated: dict[int, Floats], card: Card
) -> AttributeFigures:
    """What the attributes of the gallery crops (N, 32) come to; the targets are of those that show a known person."""
    known, thresholds = gallery.ids > 0, card.calibration.threshold_of()
    return AttributeFigures(
        probabilities[known],
        targets,
        evaluate_attributes(probabilities[known], targets, thresholds, people=gallery.ids[known]),
        paper_accounting(probabilities[known], targets),
        evaluate_attribute_queries(probabilities, gallery.ids, annotated),
        evaluate_filters(probabilities[known], targets, thresholds),
        evaluate_filter_curves(probabilities[known], targets),
    )


def load_test(folder: Path) -> tuple[Split, Split]:
    """The query crops and the gallery crops without junk, which is a fifth of them and which no ranking shows.

    Raises:
        DatasetError: The folder's layout or pictures are not the dataset's.
    """
    query, gallery = load_split(folder, "query"), load_split(folder, "gallery")
    return query, gallery.select(gallery.ids != JUNK)


def rank(query: Split, gallery: Split, similarities: Floats) -> ReIDResult:
    """Score a ranking by (Q, G) similarities."""
    return evaluate_similarities(similarities, query.ids, query.cameras, gallery.ids, gallery.cameras)


def in_blocks(
    split: Split, describe_crops: Callable[[list[Image]], Described], progress: Callable[[int], None]
) -> list[Described]:
    """What is said of a split's crops, a block of them at a time; only a block is decoded at once."""
    blocks = []
    for start in range(0, len(split), _BLOCK):
        blocks.append(describe_crops(list(split.decode(slice(start, start + _BLOCK)))))
        progress(min(start + _BLOCK, len(split)))
    return blocks


def mirror(crops: Sequence[Image]) -> list[Image]:
    """The mirror images of crops."""
    return [np.ascontiguousarray(crop[:, ::-1]) for crop in crops]


def describe_crops(
    model: AppearanceModel, split: Split, progress: Callable[[int], None], *, mirrored: bool = False
) -> dict[str, Floats]:
    """Unit vectors of every crop by what they are made of, and the (N, 32) probabilities as they are."""

    def both(crops: list[Image]) -> tuple[Floats, ...]:
        return (*model.parts(crops), *(model.parts(mirror(crops)) if mirrored else ()))

    features, probabilities, *others = map(np.concatenate, zip(*in_blocks(split, both, progress), strict=True))
    parts = {
        FEATURES: l2_normalize(features),
        ATTRIBUTES: l2_normalize(probabilities),
        PLAIN: join_parts(features, probabilities, 1.0, 1.0),
        JOINED: model.embeddings(features, probabilities),
        PROBABILITIES: probabilities,
    }
    if mirrored:
        parts[MIRRORED] = model.embeddings((features + others[0]) / 2, (probabilities + others[1]) / 2)
    return parts


def _identities(embeddings: Floats, gallery: Split, threshold: float) -> ClusteringQuality:
    """How crops of real identities group at a threshold, every crop by itself: what `surveil cluster` would make."""
    groups = group_sightings(embeddings, threshold, Constraints.none(len(embeddings)))
    return clustering_quality(groups, gallery.ids, gallery.cameras)


def counter(progress: Progress, name: str, split: Split) -> Callable[[int], None]:
    """Tells how many crops of a split are done."""
    return lambda done: progress(name, done, len(split))
