import numpy as np
import pytest

from surveil.people.byte_track import LOST_SECONDS
from surveil.people.track import Tracker
from surveil.types import Detections, Frame

HEIGHT = 170.0
"""Pixels of a made-up person, who is 1.7 m tall: 100 pixels are a metre."""


SHARP = np.random.default_rng(0).integers(0, 255, (480, 2000, 3), np.uint8)


def frame(seconds, image=SHARP):
    return Frame(round(seconds * 25), seconds, image)


def people(*places, score=0.8):
    """People standing at (x, y of their feet)."""
    boxes = [[x - 33, y - HEIGHT, x + 33, y] for x, y in places]
    return Detections(np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), score, np.float32))


def follow(looks, tracker=None, **options):
    """All tracks of (seconds, detections) looks."""
    tracker = tracker or Tracker(**{"fps": 5} | options)
    ended = [track for seconds, found in looks for track in tracker.update(frame(seconds), found)]
    return ended + tracker.finish()


def times(seconds, fps=5.0, begin=0.0):
    return [begin + step / fps for step in range(int(seconds * fps))]


@pytest.mark.parametrize("fps", [2, 5, 10, 25])
@pytest.mark.parametrize("pace", [0, 140, 220])
def test_a_walker_is_one_track_whatever_the_sampling_rate(fps, pace):
    looks = [(t, people((100 + pace * t, 300))) for t in times(6, fps)]
    [track] = follow(looks, fps=fps)
    np.testing.assert_allclose(track.seconds, [t for t, _ in looks])
    np.testing.assert_allclose(track.boxes, [found.boxes[0] for _, found in looks])
    np.testing.assert_allclose(track.scores, 0.8)


def test_a_runner_is_one_track():
    assert len(follow([(t, people((100 + 350 * t, 300))) for t in times(5)])) == 1


def test_two_who_pass_each_other_stay_two():
    looks = [(t, people((100 + 140 * t, 300), (1000 - 140 * t, 330))) for t in times(6)]
    tracks = follow(looks)
    assert len(tracks) == 2
    for track in tracks:
        steps = np.diff(track.boxes[:, 0])
        assert (np.sign(steps) == np.sign(steps[0])).all(), "they were exchanged"


def test_a_pair_side_by_side_is_two_tracks():
    tracks = follow([(t, people((100 + 140 * t, 300), (170 + 140 * t, 305))) for t in times(5)])
    assert [len(track.seconds) for track in tracks] == [25, 25]
    assert (tracks[0].boxes[:, 0] < tracks[1].boxes[:, 0]).all()


def test_a_short_occlusion_does_not_end_a_track():
    hidden = (2.0, 2.0 + 0.6 * LOST_SECONDS)
    looks = [(t, people() if hidden[0] < t < hidden[1] else people((100 + 120 * t, 300))) for t in times(6)]
    [track] = follow(looks)
    assert np.diff(track.seconds).max() > 1


def test_someone_lost_for_long_has_ended_and_is_given_at_once():
    tracker = Tracker(fps=5)
    looks = [(t, people((500, 300)) if t < 2 else people()) for t in times(8)]
    ended = [(seconds, track) for seconds, found in looks for track in tracker.update(frame(seconds), found)]
    [(when, track)] = ended
    assert track.seconds[-1] == pytest.approx(1.8)
    assert when == pytest.approx(1.8 + LOST_SECONDS, abs=0.5)
    assert tracker.finish() == []


def test_who_stands_still_while_the_motion_gate_is_shut_stays_one_track():
    looks = [(t, people((500, 300))) for t in [*times(2), *np.arange(2.0, 42.0, 4.0), *times(2, begin=42)]]
    assert len(follow(looks, gap_seconds=8)) == 1


def test_nobody_is_taken_for_the_one_before_a_long_gap():
    looks = [(t, people((500, 300))) for t in [*times(2), *times(2, begin=600)]]
    assert [track.seconds[0] for track in follow(looks, gap_seconds=8)] == [0, 600]


def test_missing_frames_do_not_lose_a_walker():
    looks = [(t, people((100 + 140 * t, 300))) for t in times(6) if not 2 < t < 3]
    assert len(follow(looks)) == 1


def test_tracks_of_few_detections_are_dropped_and_counted():
    tracker = Tracker(fps=5, min_detections=3)
    looks = [(t, people((500, 300)) if t < 0.5 else people()) for t in times(5)]
    looks[1] = (looks[1][0], people())
    assert follow(looks, tracker) == []
    assert tracker.dropped == 1


def test_tracks_of_which_nothing_can_be_told_are_dropped_and_counted():
    tracker = Tracker(fps=5)
    for t in times(4):
        tracker.update(frame(t, np.full_like(SHARP, 90)), people((500, 300)))
    assert tracker.finish() == []
    assert tracker.dropped == 1


def test_weak_detections_continue_a_track_but_begin_none():
    looks = [(t, people((500, 300), score=0.8 if t < 2 else 0.3)) for t in times(4)]
    [track] = follow(looks)
    assert len(track.seconds) == 20
    assert follow([(t, people((500, 300), score=0.3)) for t in times(4)]) == []


@pytest.mark.parametrize("count", [0, 1, 2])
def test_any_number_of_people(count):
    places = [(300 + 400 * number, 300) for number in range(count)]
    assert len(follow([(t, people(*places)) for t in times(2)])) == count


def test_trackers_do_not_know_of_each_other():
    looks = [(t, people((100 + 140 * t, 300), (1000 - 140 * t, 330))) for t in times(4)]
    alone = follow(looks)
    one, other = Tracker(fps=5), Tracker(fps=5)
    ended = []
    for seconds, found in looks:
        ended += one.update(frame(seconds), found)
        other.update(frame(seconds), people((700, 400), (1500, 400), (300, 470)))
    ended += one.finish()
    for track, expected in zip(ended, alone, strict=True):
        np.testing.assert_array_equal(track.boxes, expected.boxes)


def test_the_best_crops_are_kept_spread_over_time_and_best_first():
    dull = np.full_like(SHARP, 90)
    tracker = Tracker(fps=5, crops=4)
    for t in times(60):
        tracker.update(frame(t, SHARP if round(t * 5) % 7 == 0 else dull), people((500, 300)))
    [track] = tracker.finish()
    qualities = [crop.quality for crop in track.crops]
    assert len(qualities) == 4
    assert qualities == sorted(qualities, reverse=True)
    assert qualities[-1] > 0.5, "a dull crop was kept although there were sharp ones in every stretch of time"
    assert np.diff(sorted(crop.seconds for crop in track.crops)).min() > 2
    for crop in track.crops:
        assert crop.seconds in track.seconds
        np.testing.assert_array_equal(crop.box, people((500, 300)).boxes[0])


def test_crops_are_copies_and_few_however_long_the_track():
    tracker = Tracker(fps=5, crops=3)
    for t in times(200):
        tracker.update(frame(t), people((500, 300)))
        [held] = tracker._open.values()
        assert len(held.best) <= 6
        assert all(crop.image.base is None for crop in held.best.values())
    before = [crop.image.copy() for crop in tracker.finish()[0].crops]
    assert before[0].any()


def test_who_is_alone_is_certainly_one_person_and_needs_no_more_than_the_best_crops():
    looks = [(t, people((100 + 140 * t, 300), (100 + 140 * t, 2000))) for t in times(8)]
    for track in follow(looks, crops=3, more_crops=3):
        assert track.is_one_person
        assert len(track.crops) == 3


def test_who_passes_near_another_may_be_either_afterwards_and_crops_of_both_stretches_are_kept():
    dull, meeting = np.full_like(SHARP, 90), 3.2
    looks = [(t, people((100 + 140 * t, 300), (1000 - 140 * t, 310))) for t in times(6)]
    tracker, ended = Tracker(fps=5, crops=3, more_crops=3), []
    for seconds, found in looks:
        ended += tracker.update(frame(seconds, SHARP if seconds < 2 else dull), found)
    for track in ended + tracker.finish():
        assert not track.is_one_person
        assert len(track.crops) > 3
        assert all(crop.seconds < 2 for crop in track.crops[:3])
        assert sum(crop.seconds > meeting + 0.5 for crop in track.crops) >= 1


@pytest.mark.parametrize("gone", [1, 5])
def test_who_was_not_found_for_a_moment_may_be_another_person(gone):
    hidden = (2.0, 2.0 + gone / 5)
    looks = [(t, people() if hidden[0] < t + 1e-6 < hidden[1] else people((500, 300))) for t in times(6)]
    [track] = follow(looks)
    assert not track.is_one_person


def test_who_stands_where_nobody_looked_for_seconds_may_be_another_person():
    looks = [(t, people((500, 300))) for t in (0.0, 0.2, 0.4, 4.4, 4.6)]
    [track] = follow(looks)
    assert not track.is_one_person
    [track] = follow([(t, people((500, 300))) for t in (0.0, 0.2, 0.4, 1.2, 1.4)])
    assert track.is_one_person


def busy_street(seed, count=120):
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
        for frame, people in busy_street(seed):
            tracks += tracker.update(frame, people)
            if interrupted:
                state, tracker = tracker.state(), Tracker(fps=5, crops=2, more_crops=2)
                tracker.restore(state)
        return [values(track) for track in tracks + tracker.finish()], tracker.dropped

    undisturbed = run(interrupted=False)
    assert len(undisturbed[0]) > 10
    assert undisturbed[1] > 0
    assert run(interrupted=True) == undisturbed
