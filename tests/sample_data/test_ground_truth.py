"""The sample footage is what its ground truth says."""

import json
import re
from collections import defaultdict
from datetime import datetime, timedelta

import av
import numpy as np
import pytest

from surveil.attributes import BY_NAME

WIDTH, HEIGHT = 640, 360


@pytest.fixture(scope="module")
def truth(sample_data):
    return json.loads((sample_data / "ground_truth.json").read_text())


def test_every_file_holds_the_frames_of_the_ground_truth_at_their_times(truth, sample_data):
    for camera in truth["cameras"]:
        with av.open(str(sample_data / camera["file"])) as container:
            times = [frame.time for frame in container.decode(video=0)]
            assert (container.streams.video[0].width, container.streams.video[0].height) == (WIDTH, HEIGHT)
        assert times == pytest.approx([frame["seconds"] for frame in camera["frames"]], abs=1e-3)


def test_names_carry_the_time_of_the_cameras_clock(truth):
    offsets = {}
    for camera in truth["cameras"]:
        name, stamped = re.search(r"footage/(\w+)_(\d{8}-\d{6})\.mp4", camera["file"]).groups()
        clock = datetime.strptime(stamped + "+0000", "%Y%m%d-%H%M%S%z")
        assert name == camera["camera"]
        assert clock + timedelta(seconds=camera["clock_offset"]) == datetime.fromisoformat(camera["started_at"])
        offsets[name] = camera["clock_offset"]
    assert sorted(offsets.values()) == [-180, 0, 0]


def test_people_differ_and_appear_at_more_than_one_camera(truth):
    people = {person["person"]: person["attributes"] for person in truth["people"]}
    assert len(people) >= 8
    for attributes in people.values():
        assert set(attributes) == set(BY_NAME)
        assert all(label in BY_NAME[name].labels for name, label in attributes.items())
    for name in BY_NAME:
        assert len({attributes[name] for attributes in people.values()}) > 1, f"everybody has the same {name}"
    seen = defaultdict(set)
    for camera in truth["cameras"]:
        for frame in camera["frames"]:
            for person, *_ in frame["people"]:
                seen[person].add(camera["camera"])
    assert set(seen) == set(people)
    assert all(len(cameras) >= 2 for cameras in seen.values())


def test_boxes_lie_in_the_frame(truth):
    for camera in truth["cameras"]:
        for frame in camera["frames"]:
            for _, x1, y1, x2, y2, visibility in frame["people"]:
                assert 0 <= x1 < x2 <= WIDTH
                assert 0 <= y1 < y2 <= HEIGHT
                assert 0 < visibility <= 1


def test_what_goes_wrong_in_reality_is_in_it(truth):
    steps = {c["camera"]: np.diff([frame["seconds"] for frame in c["frames"]]) for c in truth["cameras"]}
    assert [name for name, step in steps.items() if step.max() > 5 * step.min()] == ["yard"], "variable frame rate"
    empty = [sum(not frame["people"] for frame in camera["frames"]) for camera in truth["cameras"]]
    assert max(empty) >= 20, "stretches that show nobody"
    standing = [
        (frame["seconds"], *box)
        for frame in next(c for c in truth["cameras"] if c["camera"] == "yard")["frames"]
        for person, *box, _ in frame["people"]
        if person == "p12" and 6 <= frame["seconds"] <= 13
    ]
    assert np.ptp(np.array(standing)[:, 4]) <= 4, "somebody stands still"


def test_it_stays_small(sample_data):
    assert sum(file.stat().st_size for file in sample_data.rglob("*") if file.is_file()) < 8e6
