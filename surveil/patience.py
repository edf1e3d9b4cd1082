"""Waiting for what may hang: a disk, a server or a decoder that gives no sign of life is given up, not waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
Beat = Callable[[], None]
"""To be called by long work again and again: it still gets on."""

PATIENCE_SECONDS = 120.0
"""Where nothing else is set: many times as long as the slowest disk takes to wake up."""
LOOK_SECONDS = 1.0
"""How often it is looked whether work has shown a sign of life."""


class HangsError(Exception):
    """Work gave no sign of life for too long."""


def run_with_patience(work: Callable[[Beat], T], seconds: float) -> T:
    """What work returns or raises, as long as it gets on.

    It runs in a thread of its own, which cannot be ended when it hangs: it is left behind, and does not keep the
    process from ending.

    Args:
        work: Is given a function to call whenever it has got on.
        seconds: Without a sign of life for so long it is given up.

    Raises:
        HangsError: It was given up.
    """
    outcome: list[T] = []
    errors: list[BaseException] = []
    last = [time.monotonic()]

    def beat() -> None:
        last[0] = time.monotonic()

    def run() -> None:
        try:
            outcome.append(work(beat))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="patience", daemon=True)
    thread.start()
    while thread.is_alive():
        left = last[0] + seconds - time.monotonic()
        if left <= 0:
            raise HangsError(f"no sign of life for {seconds:g} s")
        thread.join(min(left, LOOK_SECONDS))
    if errors:
        raise errors[0]
    return outcome[0]
