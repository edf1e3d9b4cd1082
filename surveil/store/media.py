"""Crops as JPEG files in a folder, each named by its content."""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from surveil.errors import StoreError, StoreUnavailableError
from surveil.files import PARTIAL, is_reachable, is_surveil_folder, mark_folder, replace_file
from surveil.settings import Settings
from surveil.store.session import Database

KEY = re.compile(r"[0-9a-f]{2}/[0-9a-f]{62}\.jpg")

PASSING = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN}
"""Errors that somebody may mend while we wait: no room, or a disk or server that is away."""


class MediaFolder:
    """A folder of JPEG files; a file's key is the SHA-256 of its content, split after two digits: `ab/cdef....jpg`.

    Args:
        path: The folder; it is made when the first picture is put into it.
    """

    def __init__(self, path: Path) -> None:
        self.folder = Path(path)

    def put(self, jpeg: bytes) -> str:
        """Store a picture and return its key. It is whole and on the disk when this returns, or not there at all.

        One that is there already gets today's time: whoever collects what nothing refers to then leaves it alone.

        Raises:
            StoreError: The folder cannot be written.
        """
        key = key_of(hashlib.sha256(jpeg).hexdigest())
        path = self.path(key)
        try:
            try:
                os.utime(path)
            except (FileNotFoundError, PermissionError):  # not there, or another user's: then it becomes ours
                self._make_folder(path.parent)
                replace_file(path, jpeg)
        except OSError as error:
            raise _unusable(error, path, "Check that the media folder is writable and has room.") from error
        return key

    def read(self, key: str) -> bytes:
        """The picture of a key.

        Raises:
            StoreError: It is not there.
        """
        path = self.path(key)
        try:
            return path.read_bytes()
        except OSError as error:
            raise _unusable(error, path, "See `surveil db check`; is this the media folder of the database?") from error

    def path(self, key: str) -> Path:
        """Where the picture of a key lies.

        Raises:
            StoreError: The key is none, and might lead out of the folder.
        """
        if not KEY.fullmatch(key):
            raise StoreError(f"not the key of a picture: {key!r}", self.folder)
        return self.folder / key

    def mark(self) -> None:
        """Mark the folder, if it is there, as surveil's own, so that its pictures are never taken for footage."""
        if is_reachable(self.folder) and self.folder.is_dir():
            mark_folder(self.folder)

    def _make_folder(self, shard: Path) -> None:
        shard.mkdir(parents=True, exist_ok=True)
        if not is_surveil_folder(self.folder):
            mark_folder(self.folder)

    def partial_files(self) -> Iterator[Path]:
        """What was being written when its writer was killed, or is being written just now."""
        for shard, names in self._shards():
            yield from (shard / name for name in names if name.endswith(PARTIAL))

    def __iter__(self) -> Iterator[str]:
        """The keys of all pictures in the folder, ascending."""
        for shard, names in self._shards():
            for name in names:
                if KEY.fullmatch(key := f"{shard.name}/{name}"):
                    yield key

    def _shards(self) -> Iterator[tuple[Path, list[str]]]:
        """The folders of pictures, with the names of the files in them; what is no folder or no file is left out.

        Raises:
            StoreError: One cannot be read.
        """
        for shard in sorted(self.folder.glob("[0-9a-f][0-9a-f]")):
            try:
                if is_reachable(shard) and shard.is_dir():
                    with os.scandir(shard) as entries:
                        names = sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))
                    yield shard, names
            except OSError as error:
                raise _unusable(error, shard, "The media folder must be readable as a whole.") from error


def key_of(digest: str) -> str:
    """The key of a picture whose content has this SHA-256 (hex)."""
    return f"{digest[:2]}/{digest[2:]}.jpg"


def media_folder(settings: Settings, database: Database) -> MediaFolder:
    """The media folder of a database, marked as surveil's: the setting, or `NAME.media` beside the SQLite file NAME.

    Raises:
        StoreError: Postgres has no place beside it, so the setting is needed.
    """
    if settings.media is not None:
        media = MediaFolder(settings.media)
    elif database.path is not None:
        media = MediaFolder(database.path.with_name(database.path.name + ".media"))
    else:
        raise StoreError(
            "a Postgres database needs a media folder",
            "setting media",
            "Set SURVEIL_MEDIA to a folder all workers see.",
        )
    media.mark()
    return media


def _unusable(error: OSError, path: Path, next_step: str) -> StoreError:
    kind = StoreUnavailableError if error.errno in PASSING else StoreError
    return kind(error.strerror or str(error), path, next_step)
