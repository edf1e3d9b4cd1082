import contextlib

import pytest

from surveil.errors import SurveilError
from surveil.evaluation.output.folder import ResultsFolder


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def write(folder):
    (folder / "one.txt").write_text("new")
    (folder / "two.txt").write_text("new")


def test_results_replace_older_ones_and_leave_other_files_alone(tmp_path):
    (tmp_path / "one.txt").write_text("old")
    (tmp_path / "mine.txt").write_text("mine")
    with ResultsFolder(tmp_path) as results:
        results.fill(write)
    assert files(tmp_path) == ["mine.txt", "one.txt", "two.txt"]
    assert (tmp_path / "one.txt").read_text() == "new"


def test_work_that_fails_leaves_no_folder(tmp_path):
    with contextlib.suppress(RuntimeError), ResultsFolder(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b").is_dir(), "made before the work"
        raise RuntimeError
    assert files(tmp_path) == []


def test_writing_that_fails_halfway_changes_nothing(tmp_path):
    (tmp_path / "one.txt").write_text("old")

    def fail(folder):
        write(folder)
        raise OSError(28, "No space left on device")

    with pytest.raises(SurveilError, match="No space left"), ResultsFolder(tmp_path) as results:
        results.fill(fail)
    assert files(tmp_path) == ["one.txt"]
    assert (tmp_path / "one.txt").read_text() == "old"


def test_a_folder_in_the_way_is_told_before_anything_is_replaced(tmp_path):
    (tmp_path / "one.txt").write_text("old")
    (tmp_path / "two.txt").mkdir()
    with pytest.raises(SurveilError, match=r"two\.txt: cannot be written"), ResultsFolder(tmp_path) as results:
        results.fill(write)
    assert files(tmp_path) == ["one.txt", "two.txt"]
    assert (tmp_path / "one.txt").read_text() == "old"


def test_a_place_that_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SurveilError, match="cannot be written"), ResultsFolder(tmp_path / "file" / "results"):
        pytest.fail("the work began")
