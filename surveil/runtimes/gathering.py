"""One network for several threads: what they ask while a pass runs goes together into the next one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surveil.runtimes import Runtime
from surveil.types import Floats

MAX_INPUTS = 256
"""Inputs of one pass, for its memory's sake; what one thread asks at once is never parted."""

log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Request:
    inputs: NDArray[Any]
    answer: Future[tuple[Floats, ...]] = field(default_factory=Future)

    def goes_with(self, other: _Request) -> bool:
        return self.inputs.shape[1:] == other.inputs.shape[1:] and self.inputs.dtype == other.inputs.dtype


class Gathering:
    """A runtime that joins what threads ask of it at the same time; see `surveil.runtimes.Runtime`.

    A pass goes as soon as the network is free, with whoever waits by then: the oldest request, and those behind it that
    have inputs of the same shape. Nobody is waited for, so that the network never idles while somebody waits, and none
    waits for a thread that has nothing more to ask; the busier the network is, the more come together.

    Who is in company with whom depends on the moment, and so may the last digits of the answers: networks may round
    differently in passes of different sizes.

    A pass that fails is no verdict on those in it: each is tried by itself, and gets its own error. From then on fewer
    inputs go together, for most likely there is no memory for so many.

    Args:
        runtime: Runs the network; it is called by one thread at a time.
        max_inputs: Of one pass.
    """

    def __init__(self, runtime: Runtime, max_inputs: int = MAX_INPUTS) -> None:
        self.name = runtime.name
        self._runtime, self._max_inputs = runtime, max_inputs
        self._waiting: list[_Request] = []
        self._is_busy = False
        self._changed = threading.Condition()

    def __call__(self, inputs: NDArray[Any]) -> tuple[Floats, ...]:
        """See `surveil.runtimes.Runtime`. One of the threads that wait runs the next pass, for all that are in it."""
        mine = _Request(inputs)
        with self._changed:
            self._waiting.append(mine)
        while (together := self._wait(mine)) is not None:
            try:
                self._run(together)
            finally:
                self._pass_is_over(together)
        return mine.answer.result()

    def _wait(self, mine: _Request) -> list[_Request] | None:
        """Wait until an answer is there (None) or the network is free (the next pass, to be run by this thread)."""
        with self._changed:
            self._changed.wait_for(lambda: mine.answer.done() or not self._is_busy)
            if mine.answer.done():
                return None
            self._is_busy = True
            together: list[_Request] = []
            size = 0
            for request in self._waiting:
                if not together or (request.goes_with(together[0]) and size + len(request.inputs) <= self._max_inputs):
                    together.append(request)
                    size += len(request.inputs)
            return together

    def _pass_is_over(self, together: Sequence[_Request]) -> None:
        with self._changed:
            # What was interrupted and has no answer stays, for whoever runs the next pass.
            self._waiting = [one for one in self._waiting if one not in together or not one.answer.done()]
            self._is_busy = False
            self._changed.notify_all()

    def _run(self, together: Sequence[_Request]) -> None:
        if len(together) > 1:
            try:
                self._run_joined(together)
            except Exception as error:
                size = sum(len(request.inputs) for request in together)
                self._max_inputs = size // 2
                log.warning("a pass with %d inputs failed, so each request runs by itself: %s", size, error)
            else:
                return
        for request in together:
            try:
                request.answer.set_result(self._runtime(request.inputs))
            except Exception as error:
                request.answer.set_exception(error)

    def _run_joined(self, together: Sequence[_Request]) -> None:
        outputs = self._runtime(np.concatenate([request.inputs for request in together]))
        ends = np.cumsum([len(request.inputs) for request in together])[:-1]
        parts = zip(*(np.split(output, ends) for output in outputs), strict=True)
        for request, answer in zip(together, parts, strict=True):
            request.answer.set_result(answer)
