"""How much anybody may have of something in a time: what one takes is not there for others."""

from __future__ import annotations

import threading
import time
from collections import deque

from surveil.web.problems import QuotaError


class Quota:
    """So many in a time for each name. It is kept in memory: the server's restart gives everybody all of it again.

    Args:
        most: How many.
        seconds: In how long a time.
        what: What is said of those who have had them, after the number.
    """

    def __init__(self, most: int, seconds: float, what: str) -> None:
        self._most, self._seconds, self._what = most, seconds, what
        self._taken: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def take(self, name: str) -> None:
        """Count one more.

        Raises:
            QuotaError: They have had all.
        """
        now = time.monotonic()
        with self._lock:
            taken = self._taken.setdefault(name, deque())
            while taken and now - taken[0] >= self._seconds:
                taken.popleft()
            if len(taken) >= self._most:
                raise QuotaError(f"{self._most} {self._what}", self._seconds - (now - taken[0] if taken else 0.0))
            taken.append(now)
