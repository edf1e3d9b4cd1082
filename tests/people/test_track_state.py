"""A tracker that goes on from another's state gives what the other would have given."""

import numpy as np
import pytest

from surveil.people.track import Tracker
from surveil.types import Detections, Frame


def looks(seed, count=120):
    """People who come, cross, hide and go, seen at uneven times, with detections missed and made up."""
    random = np.random.default_rng(seed)
    starts, paces = random.uniform(-300, 600, 8), random.uniform(-150, 150, 8)
    seconds = 0.0
    for number in range(count):
        seconds += float(random.choice([0.2, 0.2, 0.2, 0.4, 1.4, 10.0], p=[0.5, 0.2, 0.2, 0.05, 0.04, 0.01]))
        left = starts + paces * (seconds % 12)
        seen = (left > -30) & (left < 630) & (random.random(8) < 0.85)
        boxes = np.array([[x, 100 + 20 * i, x + 60, 260 + 20 * i] for i, x in enumerate(left) if seen[i]])
        scores = random.uniform(0.2, 0.95, len(boxes)).astype(np.float32)
        image = random.integers(0, 255, (480, 640, 3), np.uint8)
        yield Frame(number, seconds, image), Detections(boxes.astype(np.float32).reshape(-1, 4), scores)


def values(track):
    crops = [(crop.seconds, crop.quality, crop.box.tolist(), crop.image.tobytes()) for crop in track.crops]
    return track.seconds.tolist(), track.boxes.tolist(), track.scores.tolist(), crops, track.is_one_person


@pytest.mark.parametrize("seed", range(3))
def test_going_on_from_a_state_changes_nothing(seed):
    def run(*, interrupted):
        tracker, tracks = Tracker(fps=5, crops=2, more_crops=2), []
        for frame, people in looks(seed):
            tracks += tracker.update(frame, people)
            if interrupted:
                state, tracker = tracker.state(), Tracker(fps=5, crops=2, more_crops=2)
                tracker.restore(state)
        return [values(track) for track in tracks + tracker.finish()], tracker.dropped

    undisturbed = run(interrupted=False)
    assert len(undisturbed[0]) > 10
    assert undisturbed[1] > 0
    assert run(interrupted=True) == undisturbed
