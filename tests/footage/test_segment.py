"""Copied packets of real footage."""

from pathlib import Path

import numpy as np
import pytest

from surveil.footage.decode import FootageReader
from surveil.footage.moments import frames_between, is_steady
from surveil.footage.segment import copy_segment


@pytest.fixture(scope="module")
def yard(sample_data) -> Path:
    [clip] = (sample_data / "footage").glob("yard_*.mp4")
    return clip


@pytest.fixture(scope="module")
def between(yard):
    """What the reader of ingest sees between 8 and 10 seconds."""
    with FootageReader(yard, fps=1000) as reader:
        return [frame for frame in reader if 8 <= frame.seconds <= 10]


def test_a_segment_holds_the_very_packets_and_decodes_to_the_very_pictures(yard, between, tmp_path):
    segment = copy_segment(yard, 8, 10, tmp_path / "segment", steady=True, duration=27.5)
    assert segment.begin <= 8
    assert between[-1].seconds <= segment.end < 11
    assert segment.path.stat().st_size < yard.stat().st_size
    assert segment.packets_sha256 is not None
    copied = {
        round(frame.seconds + segment.begin, 3): frame.image
        for frame in frames_between(segment.path, 0, 99, steady=True)
    }
    for frame in between:
        assert np.array_equal(copied[round(frame.seconds, 3)], frame.image)


def test_where_times_are_not_to_be_trusted_the_whole_file_is_copied(yard, tmp_path):
    assert is_steady(["gap"])
    assert not is_steady(["gap", "clock_jump"])
    segment = copy_segment(yard, 8, 10, tmp_path / "segment", steady=False, duration=27.5)
    assert segment.path.read_bytes() == yard.read_bytes()
    assert (segment.begin, segment.end, segment.packets_sha256) == (0, 27.5, None)
