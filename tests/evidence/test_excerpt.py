"""A film of real frames."""

from itertools import pairwise
from pathlib import Path

import pytest

from surveil.errors import FootageError
from surveil.evidence.excerpt import write_mp4
from surveil.footage.decode import FootageReader


@pytest.fixture(scope="module")
def yard(sample_data) -> Path:
    [clip] = (sample_data / "footage").glob("yard_*.mp4")
    return clip


@pytest.fixture(scope="module")
def between(yard):
    """What the reader of ingest sees between 8 and 10 seconds."""
    with FootageReader(yard, fps=1000) as reader:
        return [frame for frame in reader if 8 <= frame.seconds <= 10]


def test_a_film_of_them_shows_the_same_at_the_same_times(between, tmp_path):
    odd = [frame.__class__(frame.index, frame.seconds, frame.image[:-1, :-1]) for frame in between]
    for frames in (between, odd):
        assert write_mp4(frames, tmp_path / "film.mp4") == len(frames)
        with FootageReader(tmp_path / "film.mp4", fps=1000) as reader:
            film = list(reader)
        steps = [after.seconds - before.seconds for before, after in pairwise(between)]
        assert [b.seconds - a.seconds for a, b in pairwise(film)] == pytest.approx(steps, abs=0.002)
        height, width = frames[0].image.shape[:2]
        for shown, frame in zip(film, frames, strict=True):
            assert abs(shown.image[:height, :width].astype(int) - frame.image).mean() < 5


def test_a_film_of_nothing_is_none(tmp_path):
    with pytest.raises(FootageError, match="no frame"):
        write_mp4([], tmp_path / "film.mp4")
