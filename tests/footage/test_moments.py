"""Frames of a stretch of footage are those that reading it through gives, and at the same times."""

import numpy as np
import pytest

from surveil.errors import FootageError
from surveil.footage.decode import FootageReader
from surveil.footage.moments import EVERY_FRAME, frames_between


@pytest.fixture(scope="module")
def clip(sample_data):
    [clip] = (sample_data / "footage").glob("gate_*.mp4")
    return clip


@pytest.fixture(scope="module")
def all_frames(clip):
    with FootageReader(clip, fps=EVERY_FRAME) as reader:
        return [(frame.seconds, frame.image.mean()) for frame in reader]


@pytest.mark.parametrize("steady", [True, False])
@pytest.mark.parametrize(("start", "end"), [(0.0, 0.5), (7.31, 8.0), (12.0, 12.0)])
def test_a_stretch_is_what_reading_through_gives(clip, all_frames, steady, start, end):
    found = [(frame.seconds, frame.image.mean()) for frame in frames_between(clip, start, end, steady=steady)]
    shown_at_start = max(seconds for seconds, _ in all_frames if seconds <= start)
    expected = [frame for frame in all_frames if shown_at_start <= frame[0] <= end]
    assert np.allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize("steady", [True, False])
def test_beyond_the_end_is_the_last_frame(clip, all_frames, steady):
    [frame] = frames_between(clip, 1e5, 1e5, steady=steady)
    assert frame.seconds == pytest.approx(all_frames[-1][0])


def test_a_file_that_is_gone_is_told(tmp_path):
    with pytest.raises(FootageError, match=r"gone\.mp4"):
        list(frames_between(tmp_path / "gone.mp4", 0, 1))
