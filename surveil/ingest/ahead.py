"""Fetching in the background, so that decoding and the networks work at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from queue import Full, Queue
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 0.1
"""Seconds after which a reader whose queue is full looks whether anyone still listens."""


@contextmanager
def read_ahead(items: Iterable[T], size: int) -> Iterator[Iterator[T]]:
    """Iterate over items in a thread of their own, at most `size` of them ahead.

    The end is a value in the queue, so that no item is lost; an exception of the items is raised where they are
    consumed. When the block is left the thread has ended, also if items are left.

    Example:
        >>> with read_ahead(reader, 8) as frames:
        ...     for frame in frames: ...
    """
    fetched: Queue[tuple[T] | BaseException | None] = Queue(size)
    stop = threading.Event()

    def offer(value: tuple[T] | BaseException | None) -> bool:
        while not stop.is_set():
            try:
                fetched.put(value, timeout=PATIENCE)
            except Full:
                continue
            return True
        return False

    def read() -> None:
        try:
            for item in items:
                if not offer((item,)):
                    return
            offer(None)
        except BaseException as error:
            offer(error)

    def take() -> Iterator[T]:
        while (value := fetched.get()) is not None:
            if isinstance(value, BaseException):
                raise value
            yield value[0]

    thread = threading.Thread(target=read, name="read-ahead", daemon=True)
    thread.start()
    try:
        yield take()
    finally:
        stop.set()
        thread.join()
