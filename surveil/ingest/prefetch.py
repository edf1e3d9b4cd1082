"""Fetching in the background, so that decoding and the networks work at the same time."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from surveil.patience import LOOK_SECONDS, HangsError

T = TypeVar("T")


@contextmanager
def prefetch(
    items: Iterable[T],
    max_items: int,
    *,
    max_bytes: float = float("inf"),
    size_of: Callable[[T], int] = lambda _: 0,
    last_sign: Callable[[], float] = time.monotonic,
    patience: float = float("inf"),
) -> Iterator[Iterator[T]]:
    """Iterate over items in a thread of their own, which waits when it is far enough ahead.

    No item is lost; an exception of the items is raised where they are consumed. When the block is left the thread has
    ended, also if items are left; unless it hangs: then it is left behind, and whatever it uses must be left alone.

    Args:
        items: What to fetch.
        max_items: So many items wait at most to be consumed.
        max_bytes: So many bytes wait at most; one item may be larger.
        size_of: Bytes of an item.
        last_sign: When the items last got on, by `time.monotonic`.
        patience: Seconds without a sign of life after which waiting for the next item is given up.

    Raises:
        HangsError: Where items are consumed: it was given up.

    Example:
        >>> with prefetch(reader, 8) as frames:
        ...     for frame in frames: ...
    """
    fetched = _Fetched[T](max_items, max_bytes, last_sign, patience)

    def fetch() -> None:
        try:
            for item in items:
                if not fetched.put(item, size_of(item)):
                    return
        except BaseException as error:
            fetched.end(error)
        else:
            fetched.end(None)

    thread = threading.Thread(target=fetch, name="prefetch", daemon=True)
    thread.start()
    try:
        yield fetched.take()
    finally:
        fetched.close()
        if not fetched.hangs:
            thread.join()


class _Fetched(Generic[T]):
    """Items that wait to be consumed, limited by their number and by their bytes."""

    def __init__(self, max_items: int, max_bytes: float, last_sign: Callable[[], float], patience: float) -> None:
        self._max_items, self._max_bytes = max_items, max_bytes
        self._last_sign, self._patience = last_sign, patience
        self.hangs = False
        self._items: deque[tuple[T, int]] = deque()
        self._bytes = 0
        self._ended = self._closed = False
        self._error: BaseException | None = None
        self._changed = threading.Condition()

    def put(self, item: T, size: int) -> bool:
        """Add an item as soon as there is room; False if nobody will take it."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._has_room(size))
            if not self._closed:
                self._items.append((item, size))
                self._bytes += size
                self._changed.notify_all()
            return not self._closed

    def end(self, error: BaseException | None) -> None:
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

    def take(self) -> Iterator[T]:
        while True:
            with self._changed:
                self._wait()
                if not self._items:
                    break
                item, size = self._items.popleft()
                self._bytes -= size
                self._changed.notify_all()
            yield item
            del item  # while this waits for the next one, the consumer alone decides how long it is kept
        if self._error is not None:
            raise self._error

    def _wait(self) -> None:
        """Wait for the next item or the end, as long as there are signs of life; before, nobody waited for any."""
        begun = time.monotonic()
        while not self._changed.wait_for(lambda: bool(self._items) or self._ended, LOOK_SECONDS):
            if time.monotonic() - max(begun, self._last_sign()) > self._patience:
                self.hangs = True
                raise HangsError(f"no sign of life for {self._patience:g} s")

    def _has_room(self, size: int) -> bool:
        return not self._items or (len(self._items) < self._max_items and self._bytes + size <= self._max_bytes)
