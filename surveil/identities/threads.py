"""Work that several threads share, with results that do not depend on how many they are."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 64
"""Results that are made before they are asked for."""


def in_order(threads: Executor, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
    """Each item with its result, in the order of the items.

    An item is taken when the result `AHEAD` places before it has been dealt with, so that what items are made of
    may depend on earlier results, and comes out alike with any number of threads.
    """
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    for item in items:
        waiting.append((item, threads.submit(work, item)))
        if len(waiting) == AHEAD:
            item, result = waiting.popleft()
            yield item, result.result()
    for item, result in waiting:
        yield item, result.result()


@contextmanager
def single_threads() -> Iterator[Executor]:
    """As many threads as PyTorch uses, in which PyTorch starts no more: it starts them for every small product anew."""
    import torch

    count = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,)) as threads:
            yield threads
    finally:
        torch.set_num_threads(count)  # for threads that begin later, too
