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

import cv2
import numpy as np
from sqlalchemy import select

from surveil.attributes import ATTRIBUTES
from surveil.cli.output import write_table
from surveil.device import resolve_device
from surveil.evaluation.detection import DetectionScore, overlap, score
from surveil.footage.decode import FootageReader
from surveil.model.embed import AppearanceModel
from surveil.people.detect import PersonDetector
from surveil.search.example import describe_example
from surveil.search.filters import Filters
from surveil.search.rank import Query, search
from surveil.settings import Settings, load_settings
from surveil.store.media import MediaFolder, media_folder
from surveil.store.session import Database
from surveil.store.tables import Camera, Crop, Footage, SightingRow
from surveil.types import Floats

SAMPLE = Path(__file__).parents[1] / "sample_data"
LEAST_VISIBLE = 0.3
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
        overlaps = overlap(box[None], np.stack([there for _, there, _ in people]))[0]
        return people[int(overlaps.argmax())][0] if overlaps.max() >= 0.5 else None


@dataclass(frozen=True)
class Seen:
    """A stored sighting and who it really is; None if it follows nobody for most of its time."""

    id: int
    camera: str
    person: str | None
    identity: int | None
    crop: str


@dataclass(frozen=True)
class Check:
    """An ingested database of the sample footage beside its ground truth."""

    database: Database
    media: MediaFolder
    truth: Truth

    @cached_property
    def sightings(self) -> list[Seen]:
        """Every sighting with the person it shows."""
        rows = (
            select(SightingRow, Footage.path, Camera.name, Crop.media_key)
            .join(Footage, SightingRow.footage_id == Footage.id)
            .join(Camera, SightingRow.camera_id == Camera.id)
            .join(Crop, (Crop.sighting_id == SightingRow.id) & (Crop.rank == 0))
            .order_by(SightingRow.id)
        )
        with self.database.session() as session:
            return [
                Seen(sighting.id, camera, self._person(sighting, path), sighting.identity_id, key)
                for sighting, path, camera, key in session.execute(rows)
            ]

    def _person(self, sighting: SightingRow, path: str) -> str | None:
        boxes = [(row[0], np.array(row[1:5], np.float32)) for row in sighting.boxes]
        votes = Counter(self.truth.person_at(Path(path).name, seconds, box) for seconds, box in boxes)
        person, count = votes.most_common(1)[0]
        return person if count > len(boxes) / 2 else None

    def first_matches(self, model: AppearanceModel) -> Iterator[tuple[Seen, str | None]]:
        """For the best crop of everybody whom another camera saw too: who is found first in the other cameras."""
        cameras = sorted({seen.camera for seen in self.sightings})
        people = {seen.id: seen.person for seen in self.sightings}
        for query in self.sightings:
            others = tuple(camera for camera in cameras if camera != query.camera)
            if not any(s.person == query.person and s.camera in others for s in self.sightings) or not query.person:
                continue
            example = describe_example(model, [cv2.imread(str(self.media.path(query.crop))).astype(np.uint8)])
            [first] = search(self.database, Query(Filters(cameras=others), example, limit=1))
            yield query, people[first.sighting]

    def filters(self) -> Iterator[tuple[str, str, int, int, int]]:
        """Attribute, label, and how many sightings of known people the filter finds, finds rightly, and should find."""
        person = {seen.id: seen.person for seen in self.sightings if seen.person}
        for attribute in ATTRIBUTES:
            for label in attribute.labels:
                right = {i for i, name in person.items() if self.truth.attributes[name][attribute.name] == label}
                query = Query(Filters(attributes={attribute.name: (label,)}), limit=EVERYTHING)
                found = {match.sighting for match in search(self.database, query)} & person.keys()
                if right or found:
                    yield attribute.name, label, len(found), len(found & right), len(right)

    def pairs(self) -> tuple[float, float]:
        """Precision and recall of "these two sightings are one person" after a clustering."""
        known = [seen for seen in self.sightings if seen.person]
        pairs = [(a, b) for i, a in enumerate(known) for b in known[i + 1 :]]
        together = sum(a.identity == b.identity for a, b in pairs)
        same = sum(a.person == b.person for a, b in pairs)
        both = sum(a.identity == b.identity and a.person == b.person for a, b in pairs)
        return both / max(1, together), both / max(1, same)


def check_detector(truth: Truth, detector: PersonDetector, fps: float = 2.0) -> dict[str, DetectionScore]:
    """The detector's score on each clip, IoU 0.5; who is hardly visible counts neither way."""
    scores = {}
    for file, frames in truth.frames.items():
        total = DetectionScore()
        with FootageReader(SAMPLE / "footage" / file, fps=fps, gate=None, stated_fps=25) as reader:
            for frame in reader:
                people = frames[f"{frame.seconds:.3f}"]
                there = np.array([box for _, box, seen in people if seen >= LEAST_VISIBLE], np.float32).reshape(-1, 4)
                hidden = np.array([box for _, box, seen in people if seen < LEAST_VISIBLE], np.float32).reshape(-1, 4)
                total += score(detector.detect([frame.image])[0], there, hidden)
        scores[file] = total
    return scores


def main() -> None:
    """Ingest and cluster the sample footage in a temporary folder, and print the comparison."""
    from click.testing import CliRunner

    from surveil.cli import surveil

    truth = Truth.load()
    detector = PersonDetector.load(device=resolve_device("auto"), image_size=640, min_score=0.25)
    rows = [[file, f"{s.recall:.3f}", f"{s.precision:.3f}"] for file, s in check_detector(truth, detector).items()]
    write_table(["detector, IoU 0.5", "recall", "precision"], rows)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/sample.db"
        for arguments in (["ingest", str(SAMPLE / "footage")], ["cluster"]):
            result = CliRunner().invoke(surveil, ["--database", url, *arguments])
            print(f"\n{result.output}")
            if result.exit_code:
                sys.exit(result.exit_code)
        with Database.open(url) as database:
            _print(Check(database, media_folder(Settings(database=url), database), truth))


def _print(check: Check) -> None:
    shown = [(query, found) for query, found in check.first_matches(AppearanceModel.load(load_settings().model))]
    right = sum(query.person == found for query, found in shown)
    print(f"--like the best crop, other cameras: Rank-1 {right / len(shown):.3f} over {len(shown)} queries")
    for query, found in shown:
        if query.person != found:
            print(f"  {query.person} at {query.camera} (sighting {query.id}): {found} came first")
    nobody = sum(seen.person is None for seen in check.sightings)
    precision, recall = check.pairs()
    print(f"sightings {len(check.sightings)}, of which {nobody} follow nobody for most of their time")
    print(f"identities: pairwise precision {precision:.3f}, recall {recall:.3f}\n")
    rows = [
        [name, label, str(wanted), f"{right / found:.2f}" if found else "-", f"{right / wanted:.2f}" if wanted else "-"]
        for name, label, found, right, wanted in check.filters()
    ]
    write_table(["attribute", "label", "sightings", "precision", "recall"], rows)


if __name__ == "__main__":
    main()
