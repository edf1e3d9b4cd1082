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


@pytest.mark.parametrize(("cut_rows", "cut_columns"), [(1, 0), (0, 1)])
def test_one_odd_side_is_enough_to_be_doubled(between, tmp_path, cut_rows, cut_columns):
    height, width = (size - cut for size, cut in zip(between[0].image.shape, (cut_rows, cut_columns), strict=False))
    odd = [frame.__class__(frame.index, frame.seconds, frame.image[:height, :width]) for frame in between[:2]]
    assert write_mp4(odd, tmp_path / "film.mp4") == 2
    with FootageReader(tmp_path / "film.mp4", fps=1000) as reader:
        shown = next(iter(reader)).image
    assert shown.shape[:2] == (height + cut_rows, width + cut_columns)
    assert abs(shown[:height, :width].astype(int) - odd[0].image).mean() < 5


def test_a_film_of_nothing_is_none(tmp_path):
    with pytest.raises(FootageError, match="no frame"):
        write_mp4([], tmp_path / "film.mp4")
