"""Long work that tells how far it is, and can be called off."""

from __future__ import annotations

import threading
from collections.abc import Callable

from surveil.errors import StoppedError


def telling(progress: Callable[[float], object] | None, stop: threading.Event | None) -> Callable[[float], None]:
    """What long work calls with the part that is done, 0 to 1: tells it on, and raises a StoppedError when to stop."""

    def tell(part: float) -> None:
        if stop is not None and stop.is_set():
            raise StoppedError("it was called off")
        if progress is not None:
            progress(part)

    return tell
