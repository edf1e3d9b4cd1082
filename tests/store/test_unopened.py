"""Files that could not be opened are noted with the reason, until they can be, or are gone."""

import os
import shutil

import pytest

import surveil
from surveil.errors import FootageError
from surveil.store.granted import only_cameras
from surveil.store.unopened import forget_gone, note_unopened, unopened_files
from tests.ingest.made_up import draw_clip, scan


def noted(database):
    with database.session() as session:
        return {one.path.rpartition("/")[2]: one.what for one in unopened_files(session)}


def test_what_a_scan_cannot_open_is_noted_until_it_can(database, tmp_path):
    folder = tmp_path / "recordings"
    clip = draw_clip(folder / "gate.mp4", {}, seconds=1)
    (folder / "torn.mp4").write_bytes(clip.read_bytes()[:300])
    (folder / "empty.mp4").touch()
    (folder / "letter.mp4").write_text("Dear all,\n" * 100)
    list(scan(database, folder))
    first = noted(database)
    assert set(first) == {"torn.mp4", "empty.mp4", "letter.mp4"}
    assert "0 bytes" in first["empty.mp4"]
    list(scan(database, folder))
    assert noted(database) == first, "once each"
    shutil.copy(clip, folder / "torn.mp4")
    (folder / "letter.mp4").unlink()
    list(scan(database, folder))
    assert set(noted(database)) == {"empty.mp4"}


def test_the_reason_is_the_newest_one(database, tmp_path):
    (tmp_path / "a.mp4").touch()
    for what in ("first", "second"):
        note_unopened(database, FootageError(what, tmp_path / "a.mp4"))
    assert noted(database) == {"a.mp4": "second"}


@pytest.mark.parametrize("where", ["/nowhere/a.mp4", "relative.mp4", None])
def test_what_is_not_there_is_no_file(database, where):
    note_unopened(database, FootageError("does not exist", where))
    assert noted(database) == {}


def test_a_folder_that_was_closed_and_is_open_now_is_forgotten(database, tmp_path):
    note_unopened(database, FootageError("cannot be read: Permission denied", tmp_path))
    assert noted(database) == {tmp_path.name: "cannot be read: Permission denied"}
    forget_gone(database)
    assert noted(database) == {}


def test_names_that_are_no_text_are_kept_as_they_are(database, tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    path.touch()
    note_unopened(database, FootageError("the file is empty (0 bytes)", path))
    forget_gone(database)
    assert list(noted(database)) == ["caf%E9.mp4"]


def test_who_sees_only_some_cameras_sees_none_of_them(database, media, tmp_path):
    (tmp_path / "a.mp4").touch()
    note_unopened(database, FootageError("empty", tmp_path / "a.mp4"))
    with surveil.open(database.url, media=media.folder) as archive:
        assert [one.what for one in archive.status().unopened] == ["empty"]
        with only_cameras(["gate"]):
            assert archive.status().unopened == ()
