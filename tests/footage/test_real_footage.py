"""Reader and gate on footage whose people are known, and on real recordings."""

import json

import pytest

from surveil.footage.decode import FootageReader
from surveil.footage.motion import MotionGate
from surveil.settings import Settings

FPS = 5.0
ABSENT_SECONDS = 1.0
CAMERAS = ["gate", "hall", "yard"]


def looked_at(path, fps=FPS, gate=True):
    """The seconds of the frames that are looked at, and their counts."""
    settings = Settings()
    used = MotionGate(settings.gate_threshold, settings.gate_forced_seconds) if gate else None
    with FootageReader(path, fps=fps, gate=used) as reader:
        seconds = [frame.seconds for frame in reader]
    counts = reader.result.frames
    assert counts.processed == len(seconds)
    assert counts.decoded == counts.processed + counts.gated + counts.sampled_out
    assert counts.unreadable == 0
    return seconds, counts


@pytest.fixture(params=CAMERAS)
def camera(request, sample_data):
    """A camera of the sample footage with its ground truth."""
    cameras = json.loads((sample_data / "ground_truth.json").read_text())["cameras"]
    return next(camera for camera in cameras if camera["camera"] == request.param)


def in_view(camera):
    """Who is clearly to be seen at which seconds."""
    return {
        frame["seconds"]: {
            name for name, _, top, _, bottom, visible in frame["people"] if visible > 0.3 and bottom - top > 40
        }
        for frame in camera["frames"]
    }


def test_times_are_those_of_the_recorder(camera, sample_data):
    seconds, counts = looked_at(sample_data / camera["file"], fps=1000, gate=False)
    assert seconds == pytest.approx([frame["seconds"] for frame in camera["frames"]], abs=1e-3)
    assert counts.decoded == len(camera["frames"])


def test_nobody_comes_into_view_unseen(camera, sample_data):
    seconds, _ = looked_at(sample_data / camera["file"])
    people = in_view(camera)
    last_seen, arrivals = {}, []
    for time, names in people.items():
        arrivals += [time for name in names if time - last_seen.get(name, -10) > ABSENT_SECONDS]
        last_seen |= dict.fromkeys(names, time)
    assert len(arrivals) >= 8
    for arrival in arrivals:
        assert any(arrival <= time <= arrival + 1.5 / FPS for time in seconds), f"not looked at from {arrival} s on"


@pytest.mark.parametrize("camera", ["gate", "hall"], indirect=True)
def test_the_empty_beginning_is_gated(camera, sample_data):
    arrival = next(time for time, names in in_view(camera).items() if names)
    seconds, counts = looked_at(sample_data / camera["file"])
    assert counts.gated >= 10
    assert sum(time < arrival - 1 for time in seconds) <= 2


CLIPS = {
    # frames, and the least and largest share of the sampled ones that is gated
    "one-by-one.mp4": (1394, 0.10, 0.18),
    "people-detection.264": (596, 0.20, 0.40),
    "pets-s2l1-view1.mp4": (795, 0.0, 0.0),
    "plaza-grey.mp4": (341, 0.0, 0.0),
}


@pytest.mark.parametrize("clip", CLIPS)
def test_real_recordings(clip, shared_data):
    frames, least, most = CLIPS[clip]
    _, counts = looked_at(shared_data / "footage" / clip)
    assert counts.decoded == frames
    assert least <= counts.gated / (counts.gated + counts.processed) <= most


PRESENT = [(0.8, 3.4), (7.2, 10.0), (13.6, 16.6), (21.0, 22.2)]
"""Seconds between which somebody is to be seen in people-detection.264, at 25 frames per second."""


def test_the_gate_lets_everybody_through(shared_data):
    path = shared_data / "footage" / "people-detection.264"
    gated, _ = looked_at(path)
    sampled, _ = looked_at(path, gate=False)
    expected = [time for time in sampled if any(begin <= time <= end for begin, end in PRESENT)]
    assert len(expected) >= 40
    assert set(expected) <= set(gated)
