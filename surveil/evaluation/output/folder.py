"""A folder of results whose files appear all together or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from surveil.errors import SurveilError


class ResultsFolder:
    """Makes the folder on entering, so that one that cannot be written is told before the work.

    Unless it is filled, leaving puts everything back as it was: a folder that was not there is gone again.

    Args:
        path: The folder; its parents are made too. Other files in it are left alone.

    Raises:
        SurveilError: On entering or filling: the folder cannot be made or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._made = [folder for folder in (path, *path.parents) if not folder.exists()]
        self._staging: Path | None = None

    def __enter__(self) -> ResultsFolder:
        with _told(self.path):
            try:
                self.path.mkdir(parents=True, exist_ok=True)
                self._staging = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=self.path))
            except OSError:
                self._remove()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def fill(self, write: Callable[[Path], None]) -> None:
        """Have `write` put files into the folder it is given; then move them all here, over older ones."""
        assert self._staging is not None, "enter first"
        with _told(self.path):
            write(self._staging)
            files = sorted(self._staging.iterdir())
            for file in files:
                if (self.path / file.name).is_dir():
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(self.path / file.name))
            for file in files:
                file.replace(self.path / file.name)
        self._made.clear()

    def _remove(self) -> None:
        if self._staging is not None:
            shutil.rmtree(self._staging, ignore_errors=True)
        for folder in self._made:
            with suppress(OSError):
                folder.rmdir()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What the operating system refuses, as an error of ours."""
    try:
        yield
    except OSError as error:
        raise SurveilError(
            f"cannot be written ({error.strerror or error})",
            error.filename if isinstance(error, IsADirectoryError) else path,
            "Give another folder with --out.",
        ) from error
