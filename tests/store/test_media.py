import hashlib
import os
import threading

import pytest

from surveil.errors import StoreError
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
    assert sum(path.is_file() for path in media.folder.rglob("*")) == 2


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
    assert not [path for path in media.folder.rglob("*") if path.is_file()]


def test_a_missing_picture_and_an_unwritable_folder_are_reported(media, tmp_path):
    key = media.put(b"a picture")
    media.path(key).unlink()
    with pytest.raises(StoreError, match="No such file"):
        media.read(key)
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match="media folder is writable"):
        MediaFolder(tmp_path / "file").put(b"a picture")


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
