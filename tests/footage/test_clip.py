"""A clip plays: its frames are those given, at their times, with the box where the person is."""

import io

import av
import numpy as np
import pytest

from surveil.footage.clip import COLOUR, draw_clip
from surveil.types import Frame


def frames(count=20, size=(120, 200), step=0.1, start=5.0):
    return [Frame(i, start + i * step, np.full((*size, 3), 60, np.uint8)) for i in range(count)]


def read(clip):
    with av.open(io.BytesIO(clip.content)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        return [(float(frame.time), frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]


def test_times_and_size_are_those_of_the_frames():
    clip = draw_clip(frames())
    read_back = read(clip)
    assert clip.start == 5.0
    assert [time for time, _ in read_back] == pytest.approx([0.1 * i for i in range(20)], abs=1e-3)
    assert read_back[0][1].shape == (120, 200, 3)


def test_large_frames_become_smaller_and_sides_even():
    assert read(draw_clip(frames(2, (1081, 1921))))[0][1].shape == (720, 1280, 3)


def test_the_box_moves_from_detection_to_detection_and_is_there_only_then():
    clip = draw_clip(frames(30), [[6.0, 20, 20, 60, 100, 0.9], [7.0, 120, 20, 160, 100, 0.9]])
    marked = {}
    for time, picture in read(clip):
        columns = np.flatnonzero((np.abs(picture.astype(int) - COLOUR).sum(axis=2) < 120).sum(axis=0) > 40)
        marked[round(time + 5, 1)] = columns.tolist()
    assert not marked[5.2]
    assert not marked[7.9]
    assert abs(np.mean(marked[6.5]) - 90) < 6  # half way
