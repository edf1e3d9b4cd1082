"""The person head: people of many places against what is no person, judged in places that it never saw."""

from __future__ import annotations

import dataclasses
import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from surveil.files import replace_file
from surveil.model.checkpoint import Card, load_checkpoint
from surveil.model.embed import as_images, graph_sha256
from surveil.model.network import PersonNetwork
from surveil.model.person_head import LENGTH, PersonHead, person_path
from surveil.model.picture_network import PictureNetwork
from surveil.people.detect import PersonDetector
from surveil.runtimes import make_runtime
from surveil.types import Floats, Image
from surveil.weights_file import write_card
from training.datasets import load_cuhk03, load_market1501
from training.detector_sets import LabelledPicture, load_pictures
from training.person_crops import crops, nobody_in, people_in, shows_nobody
from training.peta import load_peta

LOST = 0.001
"""Part of the crops of people in places left out that fall below zero: of a person who is lost, all crops do."""
OF_A_SET = 1000
"""Pictures taken of each set of people."""
ANYWHERE = 12
"""Boxes drawn in each annotated picture."""
DOUBTFUL = 0.02
"""Score from which what the detector finds in pictures that show nobody is learned from."""
TAKEN_FOR_PEOPLE = 0.25
"""Score from which it would be taken for a person; these judge the head."""
DETECTOR_SIZE = 960
STRENGTH = 0.03
"""Of the logistic regression's penalty, inverse: 0.003 to 0.3 rank a place left out within 0.01 of one another."""
MAX_STEPS = 500
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Seen:
    """What the head reads of the crops of one place.

    Attributes:
        people: (N, 2048).
        nobody: (M, 2048) of boxes that were drawn.
        found: (K, 2048) of boxes that the detector gave although nobody is there.
    """

    people: Floats
    nobody: Floats
    found: Floats


def make_person_head(
    weights: Path,
    people: Mapping[str, Path],
    annotated: Sequence[Path],
    run: Path,
    *,
    seed: int = 0,
    report: Callable[[str], None] = print,
) -> Card:
    """Write NAME.person.safetensors beside a checkpoint, and into its card what it is.

    Each place is left out in turn: its people give the zero of the head, its furniture tells how much is found.

    Args:
        weights: NAME.safetensors.
        people: Sets of crops of people: "market1501", a folder; "cuhk03"; any other name, a part of PETA.
        annotated: Zips of annotated pictures: their people, and what is beside them.
        run: Folder that keeps what the network says of the crops.
        seed: Of what is drawn.
        report: Is told a line now and then.

    Raises:
        CheckpointError: The checkpoint cannot be used.
        DatasetError: A dataset is not what it should be.
    """
    network, card = load_checkpoint(weights)
    look = _Look(network, card)
    looks = {name: partial(look.at_people, name, path, seed) for name, path in people.items()}
    looks |= {path.stem: partial(look.at_pictures, path, seed) for path in annotated}
    seen: dict[str, Seen] = {}
    for name, at_place in looks.items():
        seen[name] = place = _kept(run / f"{name}.npz", at_place)
        report(f"{name}: {len(place.people)} people, {len(place.nobody)} boxes, {len(place.found)} false alarms")
    figures, low = judge(seen, report)
    head = fit_person_head(list(seen.values()))
    content = dataclasses.replace(head, bias=head.bias - low).pack()
    replace_file(person_path(weights), content)
    told: dict[str, Any] = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "data": f"people: {', '.join(people)}; people and what is beside them: {', '.join(p.stem for p in annotated)}",
        "zero": f"{LOST:.1%} of the crops of people fall below it where their place is left out",
        "left_out": figures,
    }
    card = dataclasses.replace(card, person=told)
    write_card(weights, card)
    return card


class _Look:
    """What the head reads of crops, as the network gives it."""

    def __init__(self, network: PersonNetwork, card: Card) -> None:
        self._size = card.input_size
        typical = np.random.default_rng(0).random((2, 3, *card.input_size), np.float32)
        self._runtime = make_runtime(
            lambda: PictureNetwork(network, card, with_stripes=True),
            "cpu",
            typical,
            name="auto",
            sha256=graph_sha256(card, with_stripes=True),
        )

    def at_people(self, name: str, path: Path, seed: int) -> Seen:
        """A set of crops of people, of which some are taken."""
        load = {"market1501": load_market1501, "cuhk03": load_cuhk03}.get(name, load_peta)
        images = load(path, self._size).images
        chosen = np.random.default_rng(seed).permutation(len(images))[:OF_A_SET]
        return Seen(self._at([images[number] for number in chosen]), *(np.zeros((0, LENGTH), np.float32),) * 2)

    def at_pictures(self, path: Path, seed: int) -> Seen:
        """A zip of annotated pictures."""
        detector = PersonDetector.load(device="cpu", image_size=DETECTOR_SIZE, min_score=DOUBTFUL)
        rng = np.random.default_rng(seed)
        people: list[Image] = []
        nobody: list[Image] = []
        found: list[Image] = []
        for picture in load_pictures(path, None):
            people += people_in(picture, rng)
            nobody += nobody_in(picture, rng, anywhere=ANYWHERE)
            found += crops(picture.image, _false_alarms(detector, picture), rng)
        return Seen(*(self._at(part) for part in (people, nobody, found)))

    def _at(self, pictures: Sequence[Image]) -> Floats:
        parts = [np.zeros((0, LENGTH), np.float32)]
        for start in range(0, len(pictures), _BATCH):
            parts.append(self._runtime(as_images(pictures[start : start + _BATCH], self._size))[2])
        return np.concatenate(parts)


def _false_alarms(detector: PersonDetector, picture: LabelledPicture) -> Floats:
    """Boxes (N, 4) that the detector gives where nobody is; crowds have people whom no annotation names."""
    [people] = detector.detect([picture.image])
    boxes = people.boxes[people.scores >= (DOUBTFUL if picture.is_empty else TAKEN_FOR_PEOPLE)]
    return boxes[shows_nobody(boxes, picture)]


def _kept(file: Path, look: Callable[[], Seen]) -> Seen:
    """What was seen of a place, looked at once."""
    if not file.is_file():
        seen = look()
        content = io.BytesIO()
        np.savez(content, **{name: part.astype(np.float16) for name, part in dataclasses.asdict(seen).items()})
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, content.getvalue())
    with np.load(file) as parts:
        return Seen(**{name: parts[name].astype(np.float32) for name in parts})


def fit_person_head(places: Sequence[Seen]) -> PersonHead:
    """A head that tells the people of some places from what is no person there, each kind weighing the same."""
    kinds = [np.concatenate([getattr(place, kind) for place in places]) for kind in ("people", "nobody", "found")]
    stripes = np.concatenate(kinds)
    is_person = np.repeat([True, False, False], [len(kind) for kind in kinds])
    weights = np.repeat([0.5, 0.25, 0.25], [len(kind) for kind in kinds])
    weights *= len(stripes) / np.repeat([max(1, len(kind)) for kind in kinds], [len(kind) for kind in kinds])
    scale = StandardScaler().fit(stripes)
    line = LogisticRegression(C=STRENGTH, max_iter=MAX_STEPS).fit(scale.transform(stripes), is_person, weights)
    slopes = line.coef_[0] / scale.scale_
    return PersonHead(slopes.astype(np.float32), float(line.intercept_[0] - slopes @ scale.mean_))


def judge(seen: Mapping[str, Seen], report: Callable[[str], None]) -> tuple[dict[str, dict[str, float]], float]:
    """Leave each place out in turn.

    Returns:
        By place, what a head that never saw it is worth there; and the logit below which `LOST` of the crops are. Among
        the people of annotated pictures are faces, babies and arms, so they do not take part in the second.
    """
    told: dict[str, tuple[Floats, ...]] = {}
    for name, place in seen.items():
        head = fit_person_head([other for at, other in seen.items() if at != name])
        told[name] = tuple(head(part) for part in (place.people, place.nobody, place.found))
    crops_only = [people for people, nobody, _ in told.values() if not len(nobody)]
    zero = float(np.quantile(np.concatenate(crops_only), LOST))
    figures = {}
    for name, (people, nobody, found) in told.items():
        figures[name] = {"people": len(people), "people_lost": round(float((people < zero).mean()), 4)}
        for kind, values in (("boxes", nobody), ("false_alarms", found)):
            if len(values):
                truth = np.repeat([True, False], [len(people), len(values)])
                figures[name] |= {
                    kind: len(values),
                    f"{kind}_auc": round(float(roc_auc_score(truth, np.concatenate([people, values]))), 4),
                    f"{kind}_found_out": round(float((values < zero).mean()), 4),
                }
        report(f"{name}, left out: {figures[name]}")
    return figures, zero
