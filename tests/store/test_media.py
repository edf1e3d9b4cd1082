import hashlib
import os
import threading
import time

import pytest

from surveil.errors import StoreError
from surveil.files import MARKER, is_surveil_folder
from surveil.settings import load_settings
from surveil.store.media import MediaFolder, media_folder


def test_a_picture_comes_back_under_the_hash_of_its_content(media):
    key = media.put(b"a picture")
    digest = hashlib.sha256(b"a picture").hexdigest()
    assert key == f"{digest[:2]}/{digest[2:]}.jpg"
    assert media.read(key) == media.path(key).read_bytes() == b"a picture"


def test_the_same_picture_is_there_once(media):
    keys = {media.put(b"same"), media.put(b"same"), media.put(b"other")}
    assert set(media) == keys
    assert len(keys) == 2
    assert len(list(media.folder.glob("??/*"))) == 2


def test_many_threads_may_put_the_same_picture(media):
    threads = [threading.Thread(target=media.put, args=(bytes(100_000),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [key] = media
    assert media.read(key) == bytes(100_000)
    assert [path.name for path in media.path(key).parent.iterdir()] == [media.path(key).name]


def test_a_write_that_fails_leaves_nothing(media, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        media.put(b"a picture")
    assert not list(media.folder.glob("??/*"))


def test_a_missing_picture_and_an_unwritable_folder_are_reported(media, tmp_path):
    key = media.put(b"a picture")
    media.path(key).unlink()
    with pytest.raises(StoreError, match="No such file"):
        media.read(key)
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match="media folder is writable"):
        MediaFolder(tmp_path / "file").put(b"a picture")


def test_the_folder_says_that_it_is_no_footage(media, database, monkeypatch):
    assert not is_surveil_folder(media.folder)
    media.put(b"a picture")
    assert is_surveil_folder(media.folder)
    (media.folder / MARKER).unlink()  # made by an earlier release
    monkeypatch.setenv("SURVEIL_MEDIA", str(media.folder))
    media_folder(load_settings(), database)
    assert is_surveil_folder(media.folder)
    assert len(list(media)) == 1


def test_a_picture_that_is_there_already_gets_a_new_time(media):
    path = media.path(media.put(b"a picture"))
    os.utime(path, (0, 0))
    media.put(b"a picture")
    assert time.time() - path.stat().st_mtime < 60


@pytest.mark.parametrize("key", ["../../etc/passwd", "ab/../../x.jpg", "", "ab/cd.jpg", "/etc/passwd"])
def test_a_key_cannot_lead_out_of_the_folder(media, key):
    with pytest.raises(StoreError, match="not the key"):
        media.read(key)


def test_the_folder_is_beside_the_file_or_must_be_set(database, tmp_path, monkeypatch):
    monkeypatch.delenv("SURVEIL_MEDIA", raising=False)
    if database.dialect == "sqlite":
        assert media_folder(load_settings(), database).folder == tmp_path / "surveil.db.media"
    else:
        with pytest.raises(StoreError, match="SURVEIL_MEDIA"):
            media_folder(load_settings(), database)
    monkeypatch.setenv("SURVEIL_MEDIA", str(tmp_path / "elsewhere"))
    assert media_folder(load_settings(), database).folder == tmp_path / "elsewhere"
