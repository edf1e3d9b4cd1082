"""What a scan finds, taken in while the work goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")
LEAVING_SECONDS = 1.0
"""A thread that is hashing a large file is not waited for any longer when the work is over."""


class Intake(Generic[T]):
    """Iterates in a thread of its own while its `with` block runs, and keeps what comes until it is asked for.

    Args:
        items: What to iterate over; when the block is left early, it is left off at the next item.
        told: Is called whenever something has come, or nothing more will, from another thread.

    Attributes:
        is_complete: Whether everything has come; what has come may still wait to be taken.
    """

    def __init__(self, items: Iterable[T], told: Callable[[], object] = lambda: None) -> None:
        self.is_complete = False
        self._items, self._told = items, told
        self._came: list[T] = []
        self._error: BaseException | None = None
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)

    def __enter__(self) -> Intake[T]:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        self._thread.join(LEAVING_SECONDS)

    def take(self) -> Iterator[T]:
        """Everything that has come since the last time; an error of the items is raised after those before it."""
        with self._changed:
            came, self._came = self._came, []
        yield from came
        with self._changed:
            if self._error is not None and not self._came:
                raise self._error

    def wait(self, seconds: float) -> bool:
        """Wait until something has come, or nothing more will, but no longer than this; whether that happened."""
        with self._changed:
            return self._changed.wait_for(lambda: bool(self._came) or self.is_complete, seconds)

    def _run(self) -> None:
        try:
            for item in self._items:
                with self._changed:
                    self._came.append(item)
                    self._changed.notify_all()
                self._told()
                if self._closed:
                    return
        except BaseException as error:
            self._error = error
        finally:
            with self._changed:
                self.is_complete = True
                self._changed.notify_all()
            self._told()
