"""Looking for footage: what is new or has changed is examined, hashed and registered as waiting; the rest is known."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from surveil.errors import FootageError, SurveilError
from surveil.footage.examine import examine
from surveil.footage.find import NO_FOOTAGE, Found, find_footage
from surveil.footage.origin import OriginRules
from surveil.images import MAX_PIXELS
from surveil.ingest.stamp import Stamp
from surveil.patience import PATIENCE_SECONDS
from surveil.store.cameras import configure_camera
from surveil.store.register import MAX_CAMERA_NAME, register_footage
from surveil.store.retry import retry
from surveil.store.scanned import RememberedFile, remember_file, remembered_files, stored_footage
from surveil.store.session import Database
from surveil.store.unopened import forget_gone, note_unopened
from surveil.types import FoundFootage, PassedOver, Source

LOOK_UP_SIZE = 200
"""Files that one query asks for; a walk meets so many in a blink."""

log = logging.getLogger(__name__)
T = TypeVar("T")
Find = Callable[[Iterable[Path], OriginRules], Iterator[Found]]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Footage that is to be worked on.

    Attributes:
        footage_id: Its number in the database.
        source: The footage.
        stamp: What its files looked like when its content was hashed.
    """

    footage_id: int
    source: Source
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Known:
    """Footage that was ingested before, and what is to be said of it."""

    found: FoundFootage
    remark: str


Scanned = Waiting | Known | FootageError


class _GivenUpError(FootageError):
    """Too many workers died on footage that is registered, and says so itself."""


class Scan:
    """Walks through folders, and registers the footage in them in a database.

    Args:
        database: Where footage is registered.
        rules: How to tell its camera and its start.
        zone: The time zone to give to the cameras; None leaves theirs as it is.
        again: Whether footage that is done, or was given up, is to be done again.
        passed_over: Is told what is met and is not footage.
        max_pixels: So many pixels may a video's pictures have.
        find: Walks through the paths.
        patience: Seconds without getting on after which reading a file is given up.
    """

    def __init__(
        self,
        database: Database,
        rules: OriginRules,
        *,
        zone: str | None = None,
        again: bool = False,
        passed_over: Callable[[PassedOver], object] | None = None,
        max_pixels: int = MAX_PIXELS,
        find: Find = find_footage,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._max_pixels, self._find, self._patience = max_pixels, find, patience
        self._passed_over = passed_over or (lambda _: None)
        self._database, self._rules, self._zone, self._again = database, rules, zone, again
        self._zoned: set[str] = set()

    def run(self, paths: Iterable[Path]) -> Iterator[Scanned]:
        """Scan files and folders; each piece of footage is given as soon as it is registered.

        What cannot be opened is noted in the database.

        Raises:
            StoreError: The database cannot be used.
        """
        for item in self._scanned(paths):
            if isinstance(item, FootageError) and not isinstance(item, _GivenUpError) and item.what != NO_FOOTAGE:
                retry(partial(note_unopened, self._database, item))
            yield item
        retry(partial(forget_gone, self._database))

    def _scanned(self, paths: Iterable[Path]) -> Iterator[Scanned]:
        for batch in _batches(self._find(paths, self._rules), LOOK_UP_SIZE):
            keys = [found.scan_key for found in batch if isinstance(found, FoundFootage)]
            remembered = retry(partial(remembered_files, self._database, keys))
            for found in batch:
                if isinstance(found, PassedOver):
                    self._passed_over(found)
                elif isinstance(found, FootageError):
                    yield found
                else:
                    yield self._safely(found, remembered.get(found.scan_key))

    def _safely(self, found: FoundFootage, remembered: RememberedFile | None) -> Scanned:
        """No error that belongs to one file may end the scan of all others."""
        try:
            return self._one(found, remembered)
        except FootageError as error:
            return error
        except SurveilError:
            raise
        except Exception as error:
            log.error("unexpected error", exc_info=error)
            return FootageError(f"unexpected error, please report it: {type(error).__name__}: {error}", found.path)

    def _one(self, found: FoundFootage, remembered: RememberedFile | None) -> Scanned:
        if len(found.camera) > MAX_CAMERA_NAME:
            raise FootageError(f"the camera's name has more than {MAX_CAMERA_NAME} characters", found.path)
        self._set_zone(found.camera)
        unchanged = remembered if remembered is not None and remembered.is_unchanged(found) else None
        if unchanged is not None and unchanged.footage.state == "done" and not self._again:
            return Known(found, unchanged.footage.remark(found.path, self._rules.camera))
        stamp = Stamp.of(found.pictures or (found.path,))
        source = examine(
            found,
            self._rules,
            content_hash=unchanged.content_hash if unchanged else None,
            max_pixels=self._max_pixels,
            patience=self._patience,
        )
        footage_id, _ = retry(lambda: register_footage(self._database, source, again=self._again))
        retry(lambda: remember_file(self._database, found.scan_key, source, footage_id))
        footage = retry(lambda: stored_footage(self._database, [footage_id]))[footage_id]
        if footage.state == "done":
            return Known(found, footage.remark(found.path, self._rules.camera))
        if footage.is_given_up:
            raise _GivenUpError(footage.error or "it was given up", found.path)
        return Waiting(footage_id, source, stamp)

    def _set_zone(self, camera: str) -> None:
        if self._zone is None or camera in self._zoned:
            return
        retry(lambda: self._configure(camera))
        self._zoned.add(camera)

    def _configure(self, camera: str) -> None:
        with self._database.session() as session:
            configure_camera(session, camera, zone=self._zone, create=True)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Groups of items; the first ones are small, so that work can begin at once."""
    iterator, now = iter(items), 1
    while batch := list(islice(iterator, now)):
        yield batch
        now = min(2 * now, size)
