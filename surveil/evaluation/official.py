"""The official Market-1501 protocol, whole: describe the crops, rank the gallery, score the attributes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from surveil.evaluation.attributes import AttributesResult, evaluate_attributes
from surveil.evaluation.market1501 import Split, find_attributes, load_attributes, load_split, target_matrix
from surveil.evaluation.reid import JUNK, ReIDResult, evaluate_ranking
from surveil.model.checkpoint import Card
from surveil.model.embed import AppearanceModel, unit
from surveil.types import Floats

FEATURES, ATTRIBUTES, JOINED = "features 512", "attributes 32", "joined 544"
"""What can rank the gallery: the backbone's features, the attribute probabilities, or both as search uses them."""

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
        attributes: Over the gallery's images of real identities; None where the dataset's folder has no annotations.
        probabilities: (K, 32) of those images.
        targets: (K, 32) what is annotated of them, 0 or 1; None without annotations.
    """

    card: Card
    query: Split
    gallery: Split
    query_embeddings: Floats
    gallery_embeddings: Floats
    reid: dict[str, ReIDResult]
    attributes: AttributesResult | None
    probabilities: Floats
    targets: Floats | None

    def summary(self) -> dict[str, object]:
        """For JSON: figures from 0 to 1."""
        parts = {name: result.summary() for name, result in self.reid.items()}
        return {
            "protocol": "official",
            "model": self.card.name,
            "model_sha256": self.card.sha256,
            "reid": {**parts[JOINED], "parts": parts},
            "attributes": None if self.attributes is None else self.attributes.summary(),
        }


def evaluate_official(
    folder: Path, model: AppearanceModel, progress: Callable[[str, int, int], None] = lambda *_: None
) -> OfficialResult:
    """Run the protocol on the test split of a dataset folder.

    Args:
        folder: As `load_split` takes it.
        model: What describes the crops.
        progress: Called with the split's name, crops done and crops in all.

    Raises:
        DatasetError: The folder's layout, pictures or annotations are not the dataset's.
    """
    query, gallery = load_split(folder, "query"), load_split(folder, "gallery")
    gallery = gallery.select(gallery.ids != JUNK)  # a fifth of the gallery, and no ranking shows it
    known = gallery.ids > 0
    # Before the slow part, so that annotations of another dataset are reported at once.
    targets = None
    if find_attributes(folder) is not None:
        targets = target_matrix(gallery.ids[known], load_attributes(folder, "test"))
    query_parts = describe(model, query, lambda done: progress("query", done, len(query)))
    gallery_parts = describe(model, gallery, lambda done: progress("gallery", done, len(gallery)))
    probabilities = gallery_parts["probabilities"][known]
    return OfficialResult(
        card=model.card,
        query=query,
        gallery=gallery,
        query_embeddings=query_parts[JOINED],
        gallery_embeddings=gallery_parts[JOINED],
        reid={
            name: evaluate_ranking(
                query_parts[name], query.ids, query.cameras, gallery_parts[name], gallery.ids, gallery.cameras
            )
            for name in (JOINED, FEATURES, ATTRIBUTES)
        },
        attributes=None if targets is None else evaluate_attributes(probabilities, targets),
        probabilities=probabilities,
        targets=targets,
    )


def describe(model: AppearanceModel, split: Split, progress: Callable[[int], None]) -> dict[str, Floats]:
    """Unit vectors of every crop by what they are made of, and the (N, 32) "probabilities" as they are."""
    blocks = []
    for start in range(0, len(split), _BLOCK):
        blocks.append(model.parts(list(split.decode(slice(start, start + _BLOCK)))))
        progress(min(start + _BLOCK, len(split)))
    features, probabilities = (np.concatenate(part) for part in zip(*blocks, strict=True))
    return {
        FEATURES: unit(features),
        ATTRIBUTES: unit(probabilities),
        JOINED: model.embeddings(features, probabilities),
        "probabilities": probabilities,
    }
