"""The protocol of the paper behind the model: describe the crops, group them, return the nearest group.

The gallery is clustered into as many groups as it shows people, which is told (K = 751 on the train folder, and on the
test folder 750 and one more for junk and distractors). It is run on the identities that the model's training held out,
on the whole train folder and on the test folder. On the first two, queries are drawn from the folder.

This is easier than the official protocol where people are few, and no figure of one can be set beside one of the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from surveil.evaluation.metrics.cluster_retrieval import ClusterRetrieval, Ids, group, mean_average_precisions
from surveil.evaluation.protocols.market1501 import load_split, split_identities
from surveil.evaluation.protocols.official import FEATURES, JOINED, Progress, counter, describe_crops
from surveil.model.checkpoint import Card
from surveil.model.embed import AppearanceModel
from surveil.types import Floats

DRAWS = 5
VALIDATION, TRAIN, TEST = "validation", "train", "test"
PUBLISHED = {VALIDATION: 0.813, TRAIN: 0.708}
"""What the paper states, mAP."""
_SPLITS: tuple[Literal["train", "query", "gallery"], ...] = ("train", "query", "gallery")
_KINDS = (FEATURES, JOINED)
_Scores = dict[tuple[str, str], list[tuple[float, float]]]
"""The two average precisions of every draw by clustering and kind of vector."""


@dataclass(frozen=True, slots=True)
class PaperResult:
    """What one model reaches, by the pictures that were grouped.

    `VALIDATION` is missing where the card does not tell which identities the training held out.
    """

    card: Card
    found: Mapping[str, list[ClusterRetrieval]]

    def summary(self) -> dict[str, object]:
        """For JSON: figures from 0 to 1. The headline, as the paper's, is the last row of the first part; "grouped" is
        that part's name, `TRAIN` where `VALIDATION` is missing.
        """
        parts = {name: [asdict(row) for row in found] for name, found in self.found.items()}
        part, rows = next(iter(self.found.items()))
        return {
            "protocol": "report",
            "model": self.card.name,
            "model_sha256": self.card.sha256,
            "reid": {"mAP": rows[-1].mean_average_precision, "grouped": part, "parts": parts},
            "attributes": None,
        }


def evaluate_paper(folder: Path, model: AppearanceModel, progress: Progress = lambda *_: None) -> PaperResult:
    """Run the protocol on the train and the test folder of a dataset.

    Args:
        folder: As `load_split` takes it.
        model: What describes the crops.
        progress: Called with what is counted, how many are done and how many there are.

    Raises:
        DatasetError: The folder's layout or pictures are not the dataset's.
    """
    splits = {name: load_split(folder, name) for name in _SPLITS}
    vectors: dict[str, dict[str, Floats]] = {}
    for name, split in splits.items():
        described = describe_crops(model, split, counter(progress, name, split))
        vectors[name] = {kind: described[kind] for kind in _KINDS}
    ids = splits["train"].ids
    held_out = held_out_images(ids, model.card)
    steps = 2 if held_out is None else 3
    found = {}
    if held_out is not None:
        own = {kind: whole[held_out] for kind, whole in vectors["train"].items()}
        found[VALIDATION] = retrieve_drawn(own, ids[held_out], draws=DRAWS)
        progress("grouping", 1, steps)
    found[TRAIN] = retrieve_drawn(vectors["train"], ids, draws=1)
    progress("grouping", steps - 1, steps)
    found[TEST] = retrieve_test(vectors["query"], splits["query"].ids, vectors["gallery"], splits["gallery"].ids)
    progress("grouping", steps, steps)
    return PaperResult(model.card, found)


def held_out_images(ids: NDArray[np.int64], card: Card) -> NDArray[np.bool_] | None:
    """(N,) which images of the train folder show identities that a checkpoint never learned from; None if untold."""
    split = held_out_split(card)
    return None if split is None else split_identities(ids, *split)


def held_out_split(card: Card) -> tuple[float, int] | None:
    """The share and the seed by which `split_identities` chose whom a checkpoint never learned from; None if untold."""
    data = card.training.get("recipe", {}).get("data", {})
    if "validation_share" not in data or "split_seed" not in data:
        return None
    return data["validation_share"], data["split_seed"]


def draw_queries(ids: Ids, draws: int, seed: int) -> Iterator[Ids]:
    """Indices of one random image of every identity, several times; who has one image only is no query."""
    rng = np.random.default_rng(seed)
    people = [np.flatnonzero(ids == person) for person in np.unique(ids)]
    for _ in range(draws):
        yield np.array([rng.choice(own) for own in people if len(own) > 1], np.int64)


def retrieve_drawn(vectors: Mapping[str, Floats], ids: Ids, *, draws: int, seed: int = 0) -> list[ClusterRetrieval]:
    """The protocol on one folder of known people: queries are drawn from it, the rest is the gallery.

    Args:
        vectors: (N, D) of unit length, by what they are.
        ids: (N,) identities.
        draws: How often queries are drawn; the figures are averages.
        seed: Decides the draws and the seeds of k-means.
    """
    scores: _Scores = defaultdict(list)
    for queries in draw_queries(ids, draws, seed):
        rest = np.setdiff1d(np.arange(len(ids)), queries)
        people = len(np.unique(ids[rest]))
        for kind, whole in vectors.items():
            for method, groups in group(whole[rest], people, seed).items():
                found = mean_average_precisions(whole[queries], ids[queries], whole[rest], ids[rest], groups)
                scores[method, kind].append(found)
    return _summaries(scores, people, len(rest))


def retrieve_test(
    queries: Mapping[str, Floats], query_ids: Ids, gallery: Mapping[str, Floats], gallery_ids: Ids, *, seed: int = 0
) -> list[ClusterRetrieval]:
    """The protocol on the test folder, junk and distractors in it: one group more than there are people for them."""
    people = len(np.unique(gallery_ids[gallery_ids > 0]))
    scores: _Scores = {}
    for kind, whole in gallery.items():
        for method, groups in group(whole, people + 1, seed).items():
            scores[method, kind] = [mean_average_precisions(queries[kind], query_ids, whole, gallery_ids, groups)]
    return _summaries(scores, people, len(gallery_ids))


def _summaries(scores: _Scores, people: int, gallery: int) -> list[ClusterRetrieval]:
    """A row per clustering and kind of vector, those of one clustering together."""
    rows = []
    methods = dict.fromkeys(method for method, _ in scores)
    for method in methods:
        for kind in (kind for own, kind in scores if own == method):
            alone, ranked = np.array(scores[method, kind]).T
            rows.append(
                ClusterRetrieval(
                    method,
                    kind,
                    float(alone.mean()),
                    float(ranked.mean()),
                    float(alone.std()),
                    len(alone),
                    people,
                    gallery,
                )
            )
    return rows
