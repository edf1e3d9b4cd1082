"""How many crops a second models describe, side by side: the same crops, in turns, on as many threads."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from surveil.types import Floats, Image

THREADS = 2
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Speed:
    """What describing crops takes, from pictures to vectors; medians over the rounds.

    Attributes:
        model: Its name.
        crops_per_second: By the clock on the wall, which other work on the machine slows down.
        cpu_milliseconds: Processor time per crop, all threads together, which it hardly does.
    """

    model: str
    crops_per_second: float
    cpu_milliseconds: float

    def summary(self) -> dict[str, float | str]:
        """For JSON."""
        return asdict(self)


def measure_speeds(
    models: Mapping[str, Callable[[Sequence[Image]], Floats]], crops: Sequence[Image], *, rounds: int = ROUNDS
) -> list[Speed]:
    """Have each model describe all crops once per round, after a round that does not count.

    Args:
        models: What makes vectors of crops, by name; they must have been told to use `THREADS` threads.
        crops: uint8 BGR pictures.
        rounds: How often each takes its turn.
    """
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in models}
    for _ in range(rounds + 1):
        for name, describe in models.items():
            wall, processor = time.perf_counter(), time.process_time()
            describe(crops)
            taken[name].append((time.perf_counter() - wall, time.process_time() - processor))
    speeds = []
    for name, turns in taken.items():
        seconds, processor_seconds = np.median(turns[1:], axis=0).tolist()
        speeds.append(Speed(name, len(crops) / seconds, 1000 * processor_seconds / len(crops)))
    return speeds
