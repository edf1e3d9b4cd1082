"""Trying again what failed because the database or the disk was away for a while, or another process was faster."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from surveil.errors import StoreDeadlockError, StoreUnavailableError

P = ParamSpec("P")
T = TypeVar("T")
FIRST_WAIT, MAX_WAIT = 0.5, 30.0
"""Seconds before the second try, and at most before a later one; each wait is twice the one before."""
RETRY_SECONDS = 600.0
"""Seconds after which it is given up: longer than servers take to start, and than people take to make room."""

log = logging.getLogger(__name__)


def retry(action: Callable[[], T], wait: Callable[[float], object] = time.sleep) -> T:
    """Do something until it works, with growing waits in between.

    Args:
        action: Changes everything or nothing, and may be repeated.
        wait: Waits for so many seconds; if it returns something true, nobody waits for the result any more.

    Raises:
        StoreUnavailableError: It did not work for `RETRY_SECONDS` seconds, or waiting was ended.
    """
    delay, deadline = FIRST_WAIT, time.monotonic() + RETRY_SECONDS
    while True:
        try:
            return action()
        except StoreUnavailableError as error:
            if time.monotonic() + delay > deadline:
                raise
            log.warning("%s Trying again in %g s.", error, delay)
            if wait(delay):
                raise
        delay = min(2 * delay, MAX_WAIT)


def once_more(action: Callable[P, T]) -> Callable[P, T]:
    """Decorate what is one transaction as a whole: it is done once more when the database broke it off.

    `surveil/store/locks.py` keeps transactions from waiting for each other in a circle; this is for those that meet
    others all the same.

    Raises:
        StoreDeadlockError: It was broken off twice.
    """

    @functools.wraps(action)
    def done(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return action(*args, **kwargs)
        except StoreDeadlockError as error:
            log.warning("%s Trying once more.", error)
            time.sleep(FIRST_WAIT)  # or the other one, for which it was broken off, meets it again at once
            return action(*args, **kwargs)

    return done
