"""Which files of a watched folder are taken, and when; time is what the test says."""

import os
import shutil
from pathlib import Path

import pytest

from surveil.errors import FootageError
from surveil.footage.origin import OriginRules
from surveil.ingest.arrivals import FIRST_PAUSE, MAX_PAUSE, Arrivals
from surveil.types import FootageReport


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def watch(tmp_path, clock):
    """Look at the folder so many seconds later; gives the names of what is to be taken."""
    arrivals = Arrivals(10.0, clock)

    def look(seconds=0.0, *paths):
        clock.now += seconds
        found = list(arrivals.find(paths or [tmp_path / "in"], OriginRules.of()))
        return [Path(one.where).name if isinstance(one, FootageError) else one.path.name for one in found]

    look.arrivals = arrivals
    (tmp_path / "in").mkdir()
    return look


def settle(watch, path, state):
    watch.arrivals.settle(FootageReport(path, "in", state))


def test_a_file_is_taken_once_when_size_and_time_have_not_changed_for_so_long(watch, tmp_path):
    assert watch() == [], "an empty folder is nothing wrong"
    file = tmp_path / "in" / "yard.mp4"
    for size in range(1, 5):
        file.write_bytes(b"x" * size)
        assert watch(9) == []
        assert watch.arrivals.growing == 1
    os.utime(file, (5, 5))
    assert watch(9.9) == [], "written again, of the same size"
    assert watch(9.9) == []
    assert watch(0.2) == ["yard.mp4"]
    assert watch(100) == [], "it is in work"
    assert watch.arrivals.is_working
    settle(watch, file, "done")
    assert not watch.arrivals.is_working
    assert watch(10_000) == []
    file.write_bytes(b"it has grown")
    assert watch(1) == []
    assert watch(10) == ["yard.mp4"]


def test_what_failed_is_tried_again_after_growing_pauses_and_when_it_changes(watch, tmp_path):
    file = tmp_path / "in" / "yard.mp4"
    file.write_bytes(b"no video")
    watch()
    assert watch(10) == ["yard.mp4"]
    pauses = [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    for pause in pauses:
        settle(watch, file, "failed")
        assert watch(pause - 1) == []
        assert watch(1) == ["yard.mp4"]
    for _ in range(10):
        settle(watch, file, "failed")
        assert watch(MAX_PAUSE) == ["yard.mp4"]
    settle(watch, file, "failed")
    file.write_bytes(b"whole now")
    assert watch(1) == []
    assert watch(10) == ["yard.mp4"]


def test_what_is_wrong_with_a_file_is_told_once(watch, tmp_path):
    empty = tmp_path / "in" / "yard.mp4"
    empty.touch()
    assert watch() == [], "whoever writes it may just have begun"
    assert watch(10) == ["yard.mp4"]
    settle(watch, empty, "failed")
    assert watch(100_000) == []
    empty.write_bytes(b"content")
    assert watch(1) == []
    assert watch(10) == ["yard.mp4"]


def test_a_folder_that_goes_away_and_comes_back(watch, tmp_path):
    folder, aside = tmp_path / "in", tmp_path / "aside"
    (folder / "bad.mp4").write_bytes(b"x")
    (folder / "good.mp4").write_bytes(b"y")
    watch()
    assert watch(10) == ["bad.mp4", "good.mp4"]
    settle(watch, folder / "bad.mp4", "failed")
    settle(watch, folder / "good.mp4", "done")
    folder.rename(aside)
    assert watch(1) == []
    assert watch.arrivals.away == (str(folder),)
    assert watch(10) == ["in"]
    settle(watch, folder, "failed")
    assert watch(1000) == []
    aside.rename(folder)
    assert watch(1) == []
    assert watch.arrivals.away == ()
    assert watch(10) == ["bad.mp4", "good.mp4"], "the database knows what of it is done"


def test_what_nobody_works_on_any_more_and_what_is_to_be_done_again_is_given_again(watch, tmp_path):
    file = tmp_path / "in" / "yard.mp4"
    file.write_bytes(b"x")
    watch()
    assert watch(10) == ["yard.mp4"]
    watch.arrivals.take_back()
    assert watch() == ["yard.mp4"]
    settle(watch, file, "known")
    assert watch() == []
    watch.arrivals.look_again({str(file)})
    assert watch() == ["yard.mp4"]


def test_one_path_of_several_may_be_away(watch, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "hall.mp4").write_bytes(b"x")
    shutil.rmtree(tmp_path / "in")
    paths = (tmp_path / "in", other)
    watch(0, *paths)
    assert watch(10, *paths) == ["in", "hall.mp4"]
    assert watch.arrivals.away == (str(tmp_path / "in"),)
