"""The footage of an archive: its state, correcting and forgetting it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from surveil.app.archive.base import ArchiveBase

if TYPE_CHECKING:
    from surveil.app.results import Status


class FootageMethods(ArchiveBase):
    """What is known of footage."""

    def status(self) -> Status:
        """The footage in the database, its state, and what became of its frames; also while it is ingested."""
        from surveil.app.footage import status

        with self.database.session() as session:
            return status(session)

    def known_path(self, path: str | Path) -> Path | None:
        """Where footage lies, or a file that could not be opened, whose path is as `status` tells it; None: unknown."""
        from surveil.files import text_path
        from surveil.store.footage import knows_path

        with self.database.session() as session:
            return text_path(str(path)) if knows_path(session, str(path)) else None

    def forget_footage(self, which: int | str) -> tuple[str, ...]:
        """Delete footage, given by number or path, with all that was seen in it; gives the paths. The files stay.

        Raises:
            StoreError: There is no such footage, or it is being worked on.
        """
        from surveil.store.footage import forget_footage

        return tuple(forget_footage(self.database, self.media, str(which)))

    def redo_footage(self, which: int | str) -> tuple[str, ...]:
        """Let footage, given by number or path, wait until it is ingested again; gives the paths.

        Raises:
            StoreError: There is no such footage, or it is being worked on.
        """
        from surveil.store.footage import redo_footage

        return tuple(redo_footage(self.database, str(which)))

    def correct_footage(
        self, which: int | str, *, camera: str | None = None, start: datetime | str | None = None
    ) -> tuple[str, ...]:
        """Correct which camera recorded footage, and when it starts; what was seen in it moves along.

        Args:
            which: Its number or path.
            camera: The camera's name; it is added if it is new.
            start: When the footage starts; without an offset from UTC in the camera's zone.

        Raises:
            StoreError: There is no such footage, or it is being worked on.
        """
        from surveil.app.footage import correct

        return tuple(correct(self.database, str(which), camera, start))
