"""`make sample-check`: what surveil makes of the sample footage, against its ground truth."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

import surveil
from surveil.app import Archive, Match
from surveil.attributes import ATTRIBUTES
from surveil.boxes import box_iou
from surveil.cli.output import write_table
from surveil.evaluation.metrics.clustering import ClusteringQuality, clustering_quality
from surveil.evaluation.metrics.detection import DetectionScore, score
from surveil.footage.decode import FootageReader
from surveil.identities.linkage import average_linkage
from surveil.people.detect import PersonDetector
from surveil.store import vectors
from surveil.store.models import model_in_use
from surveil.types import Floats

SAMPLE = Path(__file__).parents[1] / "sample_data"
MIN_VISIBLE = 0.3
"""Of whom less is visible, nobody has to be found; finding them is no mistake either."""
EVERYTHING = 10_000


@dataclass(frozen=True)
class Truth:
    """The ground truth of the sample footage.

    Attributes:
        attributes: Person to attribute to label.
        frames: File name to seconds (as text, milliseconds) to (person, box, visibility) of everybody in view.
    """

    attributes: dict[str, dict[str, str]]
    frames: dict[str, dict[str, list[tuple[str, Floats, float]]]]

    @staticmethod
    def load(folder: Path = SAMPLE) -> Truth:
        """Read ground_truth.json."""
        values = json.loads((folder / "ground_truth.json").read_text())
        frames = {
            Path(camera["file"]).name: {
                f"{frame['seconds']:.3f}": [(p, np.array(box, np.float32), seen) for p, *box, seen in frame["people"]]
                for frame in camera["frames"]
            }
            for camera in values["cameras"]
        }
        return Truth({p["person"]: p["attributes"] for p in values["people"]}, frames)

    def person_at(self, file: str, seconds: float, box: Floats) -> str | None:
        """Who stands where a box is, if it overlaps anybody by half."""
        people = self.frames[file].get(f"{seconds:.3f}", [])
        if not people:
            return None
        ious = box_iou(box[None], np.stack([there for _, there, _ in people]))[0]
        return people[int(ious.argmax())][0] if ious.max() >= 0.5 else None


@dataclass(frozen=True)
class Labelled:
    """A stored sighting and who it really is; None if it follows nobody for most of its time."""

    match: Match
    person: str | None


@dataclass(frozen=True)
class Check:
    """An archive of the sample footage beside its ground truth."""

    archive: Archive
    truth: Truth

    @cached_property
    def sightings(self) -> list[Labelled]:
        """Every sighting with the person it shows."""
        found = self.archive.search(limit=EVERYTHING).matches
        return [Labelled(match, self._person(match)) for match in sorted(found, key=lambda match: match.sighting)]

    def _person(self, match: Match) -> str | None:
        boxes = self.archive.sighting(match.sighting).boxes
        file = Path(match.footage).name
        votes = Counter(self.truth.person_at(file, row[0], np.array(row[1:5], np.float32)) for row in boxes)
        person, count = votes.most_common(1)[0]
        return person if count > len(boxes) / 2 else None

    def first_matches(self) -> Iterator[tuple[Labelled, str | None]]:
        """For the best crop of everybody whom another camera saw too: who is found first in the other cameras."""
        cameras = sorted({seen.match.camera for seen in self.sightings})
        people = {seen.match.sighting: seen.person for seen in self.sightings}
        for query in self.sightings:
            others = tuple(camera for camera in cameras if camera != query.match.camera)
            if not query.person or not query.match.crop:
                continue
            if not any(s.person == query.person and s.match.camera in others for s in self.sightings):
                continue
            [first] = self.archive.search(like=[query.match.crop], cameras=others, limit=1).matches
            yield query, people[first.sighting]

    def filters(self) -> Iterator[tuple[str, str, int, int, int]]:
        """Attribute, label, and how many sightings of known people the filter finds, finds rightly, and should find."""
        person = {seen.match.sighting: seen.person for seen in self.sightings if seen.person}
        for attribute in ATTRIBUTES:
            for label in attribute.labels:
                right = {i for i, name in person.items() if self.truth.attributes[name][attribute.name] == label}
                matches = self.archive.search(attributes={attribute.name: [label]}, limit=EVERYTHING).matches
                found = {match.sighting for match in matches} & person.keys()
                if right or found:
                    yield attribute.name, label, len(found), len(found & right), len(right)

    def identities(self) -> ClusteringQuality:
        """How the sightings of known people are grouped, after a clustering."""
        return self._quality({seen.match.sighting: seen.match.identity or -seen.match.sighting for seen in self._known})

    def plainly(self) -> ClusteringQuality:
        """How average linkage of everything at the model's threshold groups them, without cameras and times."""
        with self.archive.database.session() as session:
            model = model_in_use(session)
            ids, embeddings = vectors.load(session, None, model.id)
        groups = average_linkage(embeddings, np.ones(len(ids), np.int64), model.cluster_threshold)
        return self._quality(dict(zip(ids.tolist(), groups.tolist(), strict=True)))

    @property
    def _known(self) -> list[Labelled]:
        return [seen for seen in self.sightings if seen.person]

    def _quality(self, group_of: dict[int, int]) -> ClusteringQuality:
        people, cameras = (
            np.unique(np.array(names), return_inverse=True)[1]
            for names in ([str(seen.person) for seen in self._known], [seen.match.camera for seen in self._known])
        )
        groups = np.array([group_of[seen.match.sighting] for seen in self._known])
        return clustering_quality(groups, people, cameras)


def check_detector(truth: Truth, detector: PersonDetector, fps: float = 2.0) -> dict[str, DetectionScore]:
    """The detector's score on each clip, IoU 0.5; who is hardly visible counts neither way."""
    scores = {}
    for file, frames in truth.frames.items():
        total = DetectionScore()
        with FootageReader(SAMPLE / "footage" / file, fps=fps, gate=None, stated_fps=25) as reader:
            for frame in reader:
                people = frames[f"{frame.seconds:.3f}"]
                there = np.array([box for _, box, seen in people if seen >= MIN_VISIBLE], np.float32).reshape(-1, 4)
                hidden = np.array([box for _, box, seen in people if seen < MIN_VISIBLE], np.float32).reshape(-1, 4)
                total += score(detector.detect([frame.image])[0], there, hidden)
        scores[file] = total
    return scores


def main() -> None:
    """Ingest and cluster the sample footage in a temporary folder, and print the comparison."""
    truth = Truth.load()
    with tempfile.TemporaryDirectory() as folder, surveil.open(f"sqlite:///{folder}/sample.db") as archive:
        scores = check_detector(truth, archive.models.detector)
        rows = [[file, f"{score.recall:.3f}", f"{score.precision:.3f}"] for file, score in scores.items()]
        write_table(["detector, IoU 0.5", "recall", "precision"], rows)
        for report in archive.ingest([SAMPLE / "footage"]):
            if report.state != "done":
                sys.exit(f"{report.path} is {report.state}: {report.error}")
        archive.cluster()
        _print(Check(archive, truth))


def _print(check: Check) -> None:
    shown = list(check.first_matches())
    right = sum(query.person == found for query, found in shown)
    print(f"--like the best crop, other cameras: Rank-1 {right / len(shown):.3f} over {len(shown)} queries")
    for query, found in shown:
        if query.person != found:
            where = f"{query.match.camera} (sighting {query.match.sighting})"
            print(f"  {query.person} at {where}: {found} came first")
    nobody = sum(seen.person is None for seen in check.sightings)
    print(f"sightings {len(check.sightings)}, of which {nobody} follow nobody for most of their time")
    _print_identities({"as surveil cluster groups": check.identities(), "plain average linkage": check.plainly()})
    rows = [
        [name, label, str(wanted), f"{right / found:.2f}" if found else "-", f"{right / wanted:.2f}" if wanted else "-"]
        for name, label, found, right, wanted in check.filters()
    ]
    write_table(["attribute", "label", "sightings", "precision", "recall"], rows)


def _print_identities(qualities: dict[str, ClusteringQuality]) -> None:
    columns = ("precision", "recall", "pairwise F", "B-cubed F", "AMI")
    rows = [
        [
            name,
            *(
                f"{figure:.3f}"
                for figure in (
                    q.pairwise_precision,
                    q.pairwise_recall,
                    q.pairwise_f,
                    q.b_cubed_f,
                    q.adjusted_mutual_information,
                )
            ),
        ]
        for name, q in qualities.items()
    ]
    write_table(["identities", *columns], rows, right=columns)
    print()


if __name__ == "__main__":
    main()
