"""A whole model from a published re-identification network: its trunk stays as it is, our heads are trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from surveil.attributes import OUTPUT_NAMES
from surveil.model.checkpoint import Card, save_checkpoint
from surveil.model.network import PersonNetwork, build_network
from surveil.types import Floats
from training.calibrate import calibrate
from training.datasets import PersonImages, load_cuhk03, load_market1501
from training.feature_maps import store_feature_maps
from training.heads import STRIPES, HeadSchedule, fit_heads, predict_attributes
from training.openvino_ir import load_reid_retail
from training.peta import load_peta

ARCHITECTURE = "osnet-attention"
INPUT_SIZE = (256, 128)
FOLDS = 5
"""Parts of Market-1501's people; each is left out once."""
CUHK03_STEP = 6
"""Every sixth person of CUHK03 is enough: two million pairs."""
MIN_CASES = 5
"""Pictures with, and without, an attribute that an AUC is computed from."""
MARKET = "market"
_LIMITS = (
    "Tells people apart by clothes and build, not by faces: people dressed alike are confused, and nobody is "
    "recognised in other clothes. Attributes were learned from daylight pictures of campuses and streets; of light, "
    "cameras and clothes unlike those, expect less. Age, handbags and other bags are not to be relied on. A match is "
    "a lead for a person to check, never evidence."
)


@dataclasses.dataclass(frozen=True, slots=True)
class Mapped:
    """A set of people with what the heads see of them.

    Attributes:
        people: N images.
        maps: (N, 512, h, w) float16, memory-mapped.
    """

    people: PersonImages
    maps: NDArray[np.float16]


def make_model(
    published: Path,
    data: Path,
    peta: Sequence[Path],
    cuhk03: Path,
    out: Path,
    weights: Path,
    *,
    schedule: HeadSchedule,
    report: Callable[[str], None] = print,
) -> Card:
    """Train the heads six times and write the checkpoint.

    Five times without a fifth of Market-1501's identities and without one place of PETA in turn: what such heads read
    from those they never saw tells the AUC of each attribute, and calibrates. Then on everything.

    Args:
        published: Open Model Zoo's person-reidentification-retail-0277.xml.
        data: Folder with Market-1501 and its annotations.
        peta: Parts of PETA, folders or zips.
        cuhk03: CUHK03's crops: its people, whom the heads never learn from, tell what the similarity of a match means.
        out: Folder of the run: feature maps, which need minutes, are kept there and used again.
        weights: NAME.safetensors to write.
        schedule: Of the heads.
        report: Is told a line now and then.

    Raises:
        CheckpointError: `published` is another network.
        DatasetError: A dataset is not what it should be.
    """
    network = build_network(ARCHITECTURE).eval()
    load_reid_retail(network, published)
    card = Card(ARCHITECTURE, ARCHITECTURE, INPUT_SIZE, limits=_LIMITS)
    people = {MARKET: load_market1501(data, INPUT_SIZE)} | {path.stem: load_peta(path, INPUT_SIZE) for path in peta}
    sets = {
        name: Mapped(images, store_feature_maps(network, card, images, out / "maps" / f"{name}.npy", report=report))
        for name, images in people.items()
    }
    unseen, aucs = cross_fit(network, sets, schedule, report)
    card = dataclasses.replace(card, metrics=dict(aucs))
    report(str(card.metrics))
    others = load_cuhk03(cuhk03, INPUT_SIZE)
    some = others.of(others.ids % CUHK03_STEP == 0)
    card = calibrate(network, card, sets[MARKET].people, raw=unseen, matches=some)
    _fit(network, [(mapped, None) for mapped in sets.values()], schedule, report)
    card = dataclasses.replace(card, training=_training(published, list(sets), schedule))
    return save_checkpoint(weights, network, card)


def cross_fit(
    network: PersonNetwork, sets: Mapping[str, Mapped], schedule: HeadSchedule, report: Callable[[str], None]
) -> tuple[Floats, dict[str, dict[str, float]]]:
    """What heads read from people they never learned from.

    Args:
        network: Its heads learn anew for each fifth of Market-1501's people, without these and without one other set.
        sets: Market-1501, as `MARKET`, and others.
        schedule: Of the heads.
        report: Is told a line now and then.

    Returns:
        (N, 32) probabilities of Market-1501's images, each from the heads that did not know the person; the AUCs of
        outputs by set.
    """
    market, places = sets[MARKET], [name for name in sets if name != MARKET]
    ids = market.people.ids
    unseen = np.empty_like(market.people.targets)
    aucs: dict[str, dict[str, float]] = {}
    for fold, (learn, left_out) in enumerate(GroupKFold(FOLDS).split(ids, groups=ids)):
        out_of = places[fold % len(places)] if places else None
        learned = [(mapped, None) for name, mapped in sets.items() if name not in (MARKET, out_of)]
        _fit(network, [(market, learn), *learned], schedule, report)
        unseen[left_out] = predict_attributes(network, market.maps[left_out])
        if out_of:
            place = sets[out_of]
            read = predict_attributes(network, place.maps)
            aucs[f"AUC, PETA {out_of}, never learned from"] = output_aucs(read, place.people.targets)
    aucs["AUC, validation identities"] = output_aucs(unseen, market.people.targets)
    means = {name: {"mean": round(fmean(each.values()), 4), **each} for name, each in aucs.items() if each}
    return unseen, means


def _fit(
    network: PersonNetwork,
    sets: Sequence[tuple[Mapped, NDArray[np.int64] | None]],
    schedule: HeadSchedule,
    report: Callable[[str], None],
) -> None:
    """Train new heads on sets, or on some images of one, given by their places."""
    torch.manual_seed(schedule.seed)
    anew = build_network(ARCHITECTURE)
    network.heads, network.hat_head = anew.heads, anew.hat_head
    maps = [mapped.maps if chosen is None else mapped.maps[chosen] for mapped, chosen in sets]
    targets = [mapped.people.targets if chosen is None else mapped.people.targets[chosen] for mapped, chosen in sets]
    fit_heads(network, np.concatenate(maps), np.concatenate(targets), schedule, report=report)


def output_aucs(probabilities: Floats, targets: Floats) -> dict[str, float]:
    """AUC by output name.

    Args:
        probabilities: (N, 32).
        targets: (N, 32); NaN where nothing is known.
    """
    found = {}
    for column, name in enumerate(OUTPUT_NAMES):
        known = ~np.isnan(targets[:, column])
        truth = targets[known, column] > 0.5
        if MIN_CASES <= truth.sum() <= len(truth) - MIN_CASES:
            found[name] = round(float(roc_auc_score(truth, probabilities[known, column])), 4)
    return found


def _training(published: Path, sets: Sequence[str], schedule: HeadSchedule) -> dict[str, object]:
    parts = ", ".join(name for name in sets if name != MARKET)
    return {
        "data": f"Market-1501 train (all 751 identities), PETA ({parts})",
        "start": f"{published.stem} of Intel's Open Model Zoo (Apache-2.0): trunk, pooling and the 256-d layer behind "
        "it are its own, unchanged; the attribute heads are ours.",
        "terms": "Market-1501 and PETA were released for research; their pictures are not part of surveil. What the "
        "published trunk was trained on its publisher does not say in full.",
        "calibration": f"From {FOLDS} runs, each without a fifth of Market-1501's identities and without one part of "
        "PETA; the weights that ship learned from all. The trunk has probably seen these identities, so the "
        "probability of a match is from every sixth person of CUHK03, across its two cameras.",
        "recipe": {**dataclasses.asdict(schedule), "stripes": dataclasses.asdict(STRIPES)},
    }
