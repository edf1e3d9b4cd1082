"""Fetching in the background, so that decoding and the networks work at the same time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


@contextmanager
def prefetch(
    items: Iterable[T], max_items: int, *, max_bytes: float = float("inf"), size_of: Callable[[T], int] = lambda _: 0
) -> Iterator[Iterator[T]]:
    """Iterate over items in a thread of their own, which waits when it is far enough ahead.

    No item is lost; an exception of the items is raised where they are consumed. When the block is left the thread has
    ended, also if items are left.

    Args:
        items: What to fetch.
        max_items: So many items wait at most to be consumed.
        max_bytes: So many bytes wait at most; one item may be larger.
        size_of: Bytes of an item.

    Example:
        >>> with prefetch(reader, 8) as frames:
        ...     for frame in frames: ...
    """
    fetched = _Fetched[T](max_items, max_bytes)

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
        thread.join()


class _Fetched(Generic[T]):
    """Items that wait to be consumed, limited by their number and by their bytes."""

    def __init__(self, max_items: int, max_bytes: float) -> None:
        self._max_items, self._max_bytes = max_items, max_bytes
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
                self._changed.wait_for(lambda: bool(self._items) or self._ended)
                if not self._items:
                    break
                item, size = self._items.popleft()
                self._bytes -= size
                self._changed.notify_all()
            yield item
            del item  # while this waits for the next one, the consumer alone decides how long it is kept
        if self._error is not None:
            raise self._error

    def _has_room(self, size: int) -> bool:
        return not self._items or (len(self._items) < self._max_items and self._bytes + size <= self._max_bytes)
