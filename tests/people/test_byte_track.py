"""ByteTrack against ultralytics', which says the same of the same detections."""

import itertools
import json
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveil.ingest.resume import pack, unpack
from surveil.people.byte_track import LOST_SECONDS, MIN_IOU, SPEED_NOISE_FPS, SURE_SCORE, ByteTrack

byte_tracker = pytest.importorskip("ultralytics.trackers.byte_tracker")
ROUNDING = 0.02
"""Pixels: theirs reads boxes in float32, and a box may be predicted for seconds."""


@dataclass
class Boxes:
    """Detections as ultralytics hands them to its trackers: centres and sizes, scores, classes."""

    xywh: np.ndarray
    conf: np.ndarray
    cls: np.ndarray

    def __len__(self):
        return len(self.conf)

    def __getitem__(self, chosen):
        return Boxes(self.xywh[chosen], self.conf[chosen], self.cls[chosen])


class Theirs(byte_tracker.BYTETracker):
    """ultralytics' ByteTrack on our clock, with our thresholds."""

    def __init__(self, fps):
        self.fps, self.steps = fps, 1
        thresholds = {"track_high_thresh": SURE_SCORE, "track_low_thresh": 0.0, "new_track_thresh": SURE_SCORE}
        buffer = round(LOST_SECONDS * fps)
        super().__init__(SimpleNamespace(**thresholds, track_buffer=buffer, match_thresh=1 - MIN_IOU, fuse_score=False))
        self.kalman_filter._std_weight_velocity *= SPEED_NOISE_FPS / fps

    def multi_predict(self, tracks):
        for _ in range(self.steps):
            for track in tracks:
                track.predict()

    def follow(self, boxes, scores, elapsed):
        self.steps = round(min(max(elapsed * self.fps, 1), LOST_SECONDS * self.fps + 1))
        sizes = boxes[:, 2:] - boxes[:, :2]
        self.update(Boxes(np.hstack([boxes[:, :2] + sizes / 2, sizes]), scores, np.zeros_like(scores)))
        # Theirs ends a track that it found in the last look in which it could be, as soon as it is lost once more.
        self.removed_stracks = [track for track in self.removed_stracks if track not in self.tracked_stracks]
        return [(t.track_id, int(t.idx)) for t in self.tracked_stracks if t.frame_id == self.frame_id]

    def means(self):
        return {track.track_id: track.mean for track in (*self.tracked_stracks, *self.lost_stracks)}


def assert_alike(looks, fps):
    """Gives how many detections were of a track."""
    ours, theirs, count = ByteTrack(fps), Theirs(fps), 0
    before = -np.inf
    for seconds, boxes, scores in looks:
        found = ours.follow(boxes, scores, seconds - before)
        assert sorted(found) == sorted(theirs.follow(boxes, scores, seconds - before)), seconds
        before = seconds
        count += len(found)
        expected = theirs.means()
        assert ours.alive() == expected.keys()
        tracks = ours.state()["tracks"]
        means = np.array([expected[number] for number in tracks["number"]]).reshape(-1, 2, 4)
        np.testing.assert_allclose(tracks["motion"][:, :2], means, atol=ROUNDING)
    return count


@st.composite
def crowds(draw):
    """Looks at people who walk up and down a street of 500 pixels, cross, hide and are mistaken."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    fps, people = draw(st.sampled_from([0.2, 1, 5, 12.5])), draw(st.integers(1, 12))
    missed, weak, gap = (draw(st.floats(0, most)) for most in (0.5, 0.6, 0.1))
    centres, speeds = random.uniform(0, 500, (people, 2)), random.normal(0, 40, (people, 2))
    heights = random.uniform(40, 160, people)
    seconds, looks = 0.0, []
    for _ in range(60):
        elapsed = (1 if random.random() >= gap else random.integers(2, int(8 * fps) + 3)) / fps
        seconds += elapsed
        speeds += random.normal(0, 10, speeds.shape)
        speeds[(centres < 0) & (speeds < 0) | (centres > 500) & (speeds > 0)] *= -1
        centres = centres + speeds * elapsed
        seen = np.flatnonzero(random.random(people) >= missed)
        sizes = heights[seen, None] * [0.45, 1] * random.normal(1, 0.05, (len(seen), 2))
        boxes = np.hstack([centres[seen] - sizes / 2, centres[seen] + sizes / 2])
        scores = np.where(
            random.random(len(seen)) < weak, *random.uniform([[0], [SURE_SCORE]], [[0.4], [1]], (2, len(seen)))
        )
        looks.append((seconds, boxes.astype(np.float32), scores.astype(np.float32)))
    return fps, looks


@settings(max_examples=15, derandomize=True)  # one in thousands could have an overlap within rounding of a threshold
@given(crowds())
def test_crowds_are_followed_as_ultralytics_does(crowd):
    fps, looks = crowd
    assert_alike(looks, fps)


@pytest.mark.parametrize(("camera", "fps"), [*itertools.product(["gate", "hall", "yard"], [5, 10])])
def test_the_people_of_the_sample_footage_are_followed_as_ultralytics_does(sample_data, camera, fps):
    """Where they truly are, less whom others hide; who is half hidden scores less."""
    [truth] = [
        c for c in json.loads((sample_data / "ground_truth.json").read_text())["cameras"] if c["camera"] == camera
    ]
    random = np.random.default_rng(0)
    looks = []
    for frame in truth["frames"][:: 10 // fps]:
        seen = np.array([box for _, *box in frame["people"] if box[4] > 0.3 * random.random()], np.float32).reshape(
            -1, 5
        )
        jitter = random.normal(0, 0.02, (len(seen), 4)) * (seen[:, 3:4] - seen[:, 1:2])
        looks.append((frame["seconds"], (seen[:, :4] + jitter).astype(np.float32), 0.9 * seen[:, 4]))
    assert assert_alike(looks, fps) > 200


def test_boxes_without_a_size_are_nobody():
    empty = np.array([[5, 5, 5, 90], [5, 5, 40, 5], [40, 90, 5, 5]], np.float32)
    tracker = ByteTrack(5)
    for _ in range(3):
        assert tracker.follow(empty, np.full(3, 0.9, np.float32), 0.2) == []
    assert tracker.alive() == set()


@settings(max_examples=5)
@given(crowds())
def test_going_on_from_a_state_changes_no_bit(crowd):
    fps, looks = crowd
    through, before = ByteTrack(fps), -np.inf
    for seconds, boxes, scores in looks:
        stopped = unpack(pack(through.state()))
        again = ByteTrack(fps)
        again.restore(stopped)
        assert through.follow(boxes, scores, seconds - before) == again.follow(boxes, scores, seconds - before)
        assert pack(through.state()) == pack(again.state())
        before = seconds
