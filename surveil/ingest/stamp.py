"""What files look like from outside: whether they were changed or replaced since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from surveil.errors import FootageError, FootageReadError
from surveil.footage.examine import hash_again
from surveil.types import Source


@dataclass(frozen=True, slots=True)
class FileStatus:
    """A file from outside.

    Attributes:
        content: Size in bytes and time of the last change (nanoseconds).
        place: Number of the file on its disk, and when its status was last changed: a file that was put in the place
            of another shows here, even where size and time are alike; so does one that was renamed, or got new rights.
    """

    content: tuple[int, int]
    place: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Stamp:
    """Status of some files at one moment."""

    files: dict[Path, FileStatus]

    @staticmethod
    def of(paths: Iterable[Path]) -> Stamp:
        """The stamp of these files now.

        Raises:
            FootageReadError: One is not there, or cannot be reached.
        """
        return Stamp({path: _status(path) for path in paths})

    def check(self, source: Source) -> None:
        """See that footage is still what it was when the stamp of its files was taken.

        Raises:
            FootageError: It was changed or replaced; the next run takes it as it is then.
            FootageReadError: It cannot be read now.
        """
        now = {path: _status(path) for path in files_of(source)}
        before = {path: self.files[path] for path in now}
        if now == before:
            return
        # Where only the place differs, it may have been renamed and back: its content tells.
        changed = any(now[path].content != before[path].content for path in now)
        if changed or hash_again(source) != source.content_hash:
            raise FootageError("it changed after it was found", source.path, "Ingest it again.")


def files_of(source: Source) -> list[Path]:
    """The files that a piece of footage consists of."""
    return [source.path] if source.kind == "video" else [crop.path for crop in source.crops]


def _status(path: Path) -> FileStatus:
    try:
        status = path.stat()
    except OSError as error:
        raise FootageReadError(f"cannot be read: {error.strerror or error}", path, "It will be tried again.") from error
    return FileStatus((status.st_size, status.st_mtime_ns), (status.st_ino, status.st_ctime_ns))
