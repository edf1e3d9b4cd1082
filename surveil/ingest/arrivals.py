"""Which of the files in a watched folder are to be taken now: those that have stopped growing, each once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from surveil.errors import FootageError
from surveil.files import path_text
from surveil.footage.find import NO_FOOTAGE, Found, find_footage
from surveil.footage.origin import OriginRules
from surveil.types import FootageReport, FoundFootage

FIRST_PAUSE, MAX_PAUSE = 30.0, 3600.0
"""Seconds after which footage that failed is tried again, and at most later: each pause is twice the one before. When
the file changes, or goes and comes back, it is tried again at once."""

State = Literal["growing", "given", "settled", "failed"]


@dataclass(slots=True)
class _File:
    """A file, or a camera's pictures in a folder, as it was last met.

    Attributes:
        path: Where it is.
        look: Size and time of the last change, or what is wrong with it.
        since: From when on it has looked so.
        state: "given" to whoever ingests; "settled": there is nothing to be done.
        failures: How often it failed, as it looks now.
        next_try: When it may be tried again.
    """

    path: Path
    look: tuple[int, int] | str
    since: float
    state: State = "growing"
    failures: int = 0
    next_try: float = 0.0


class Arrivals:
    """Remembers what it met, walk after walk; one thread may walk while another one tells what became of footage.

    Args:
        settled_seconds: A file is taken when its size and time have not changed for so long.
        clock: Seconds of a clock that never goes back.

    Attributes:
        growing: Files that the last walk left alone because they still change.
        away: Those of the paths that were not there in the last walk, or could not be read.
    """

    def __init__(self, settled_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.growing = 0
        self.away: tuple[str, ...] = ()
        self._settled_seconds, self._clock = settled_seconds, clock
        self._files: dict[str, _File] = {}
        self._given: dict[Path, list[_File]] = {}
        self._lock = threading.Lock()

    def find(self, paths: Iterable[Path], rules: OriginRules) -> Iterator[Found]:
        """Walk through the paths as `find_footage` does; gives only what is due, and says once what is wrong."""
        paths = tuple(paths)
        met: set[str] = set()
        wrong: list[Path] = []
        for found in find_footage(paths, rules):
            if isinstance(found, FoundFootage):
                met.add(found.scan_key)
                if self._is_due(found.scan_key, found.path, (found.size, found.mtime_ns)):
                    yield found
            elif isinstance(found, FootageError) and found.what != NO_FOOTAGE:
                path, key = Path(found.where or ""), f"error {found.where}"
                met.add(key)
                wrong.append(path)
                if self._is_due(key, path, found.what):
                    yield found
        with self._lock:
            self._files = {key: file for key, file in self._files.items() if key in met or file.state == "given"}
            self.growing = sum(file.state == "growing" for file in self._files.values())
            self.away = tuple(path_text(path) for path in paths if path in wrong)

    def settle(self, report: FootageReport) -> None:
        """Take note of what became of footage that was given."""
        with self._lock:
            for file in self._given.pop(report.path, ()):
                self._settle(file, report.state == "failed")

    def take_back(self) -> None:
        """What was given and is not settled is to be given again: nobody works on it any more."""
        with self._lock:
            for file in (file for files in self._given.values() for file in files):
                file.state = "growing"
            self._given.clear()

    def look_again(self, paths: Collection[str]) -> None:
        """Footage at these paths waits although it was done: somebody wants it to be done again."""
        with self._lock:
            for file in self._files.values():
                if file.state == "settled" and path_text(file.path) in paths:
                    file.state = "growing"

    @property
    def is_working(self) -> bool:
        """Whether something was given that is not settled yet."""
        with self._lock:
            return bool(self._given)

    def _is_due(self, key: str, path: Path, look: tuple[int, int] | str) -> bool:
        now = self._clock()
        with self._lock:
            file = self._files.get(key)
            if file is None or (file.look != look and file.state != "given"):
                file = self._files[key] = _File(path, look, now)
            rested = file.state == "growing" and now - file.since >= self._settled_seconds
            if not rested and not (file.state == "failed" and now >= file.next_try):
                return False
            file.state = "given"
            self._given.setdefault(path, []).append(file)
            return True

    def _settle(self, file: _File, failed: bool) -> None:
        file.state = "failed" if failed else "settled"
        if failed:
            # What cannot be taken for footage at all is told once, and again when that changes.
            pause = min(FIRST_PAUSE * 2**file.failures, MAX_PAUSE) if isinstance(file.look, tuple) else float("inf")
            file.next_try = self._clock() + pause
            file.failures += 1
