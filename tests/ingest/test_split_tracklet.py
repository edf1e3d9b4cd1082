import numpy as np
import pytest

from surveil.ingest.split_tracklet import split_tracklet
from surveil.types import Appearance, Crop, Track


def look(person, noise=0.0, seed=0):
    vector = np.eye(544, dtype=np.float32)[person] + noise * np.random.default_rng(seed).normal(size=544) / 544**0.5
    return Appearance(np.full(32, 0.5, np.float32), (vector / np.linalg.norm(vector)).astype(np.float32))


def follow(people, shuffle=None):
    """A track with a crop per second, three detections around each."""
    seconds = np.arange(3 * len(people)) / 3
    boxes = np.tile(np.array([[0, 0, 10, 30]], np.float32), (len(seconds), 1))
    crops = [Crop(np.zeros((30, 10, 3), np.uint8), float(second), boxes[0], 0.5) for second in range(len(people))]
    looks = [look(person, 0.5, seed) for seed, person in enumerate(people)]
    order = list(range(len(people))) if shuffle is None else shuffle
    track = Track(seconds, boxes, np.ones(len(seconds), np.float32), tuple(crops[i] for i in order))
    return track, [looks[i] for i in order]


def test_a_track_of_one_person_stays_whole():
    track, looks = follow([1] * 8)
    [(part, kept)] = split_tracklet(track, looks, 0.55)
    np.testing.assert_array_equal(part.seconds, track.seconds)
    assert len(part.crops) == len(kept) == 8


@pytest.mark.parametrize("shuffle", [None, [5, 0, 7, 3, 1, 6, 2, 4]])
def test_a_track_that_passes_to_another_person_is_cut_between_them(shuffle):
    track, looks = follow([1, 1, 1, 1, 1, 2, 2, 2], shuffle)
    first, second = split_tracklet(track, looks, 0.55)
    assert first[0].seconds.max() < 4.5 <= second[0].seconds.min()
    assert len(first[0].seconds) + len(second[0].seconds) == len(track.seconds)
    assert [len(part.crops) for part, _ in (first, second)] == [5, 3]
    for (part, kept), person in ((first, 1), (second, 2)):
        assert len(kept) == len(part.crops)
        assert all(appearance.embedding.argmax() == person for appearance in kept)
        assert all(part.seconds.min() <= crop.seconds <= part.seconds.max() for crop in part.crops)


def test_three_people_give_three_parts():
    parts = split_tracklet(*follow([1, 1, 2, 2, 2, 3, 3]), 0.55)
    assert [len(part.crops) for part, _ in parts] == [2, 3, 2]


def test_one_crop_that_differs_is_no_other_person():
    assert len(split_tracklet(*follow([1, 1, 1, 2]), 0.55)) == 1
    assert len(split_tracklet(*follow([1]), 0.55)) == 1
