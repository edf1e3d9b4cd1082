"""Which runtime is faster on this machine: measured once per network, and kept in the user's cache folder."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from hashlib import sha256 as hash_of
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surveil.device import processor
from surveil.files import cache_folder, replace_file
from surveil.runtimes import Runtime
from surveil.types import Floats

ROUNDS = 3
"""Times that each is measured, in turns; its best time counts, for others use the processor too."""
TOLERANCE = 0.05
"""Part of its largest value by which an output may differ: bfloat16 has 8 bits."""

log = logging.getLogger(__name__)


def fastest(makers: Mapping[str, Callable[[], Runtime]], typical: NDArray[Any], sha256: str) -> Runtime:
    """The faster of two runtimes of a network, or the first where the other does not say the same.

    Args:
        makers: Make them, by their names; only the one that is known to be faster is made.
        typical: A batch such as they will get.
        sha256: Of the network's weights.
    """
    file = cache_folder() / "runtimes" / f"{_key(typical, sha256)}.json"
    chosen = _remembered(file)
    if chosen in makers:
        return makers[chosen]()
    plain, other = (make() for make in makers.values())
    return other if _measure(plain, other, typical, file) == other.name else plain


def _measure(plain: Runtime, other: Runtime, typical: NDArray[Any], file: Path) -> str:
    """The name of the faster one, which is written down."""
    if not _agree(plain(typical), other(typical)):
        log.warning("%s does not answer as %s does on this machine; it is not used", other.name, plain.name)
        chosen, taken = plain.name, {}
    else:
        rounds = [{each.name: _seconds(each, typical) for each in (plain, other)} for _ in range(ROUNDS)]
        taken = {name: min(times[name] for times in rounds) for name in rounds[0]}
        chosen = min(taken, key=lambda name: taken[name])
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, json.dumps({"runtime": chosen, "seconds": taken}).encode())
    except OSError:
        pass  # what cannot be kept is measured again at the next start
    return chosen


def _seconds(runtime: Runtime, typical: NDArray[Any]) -> float:
    begun = time.perf_counter()
    runtime(typical)
    return time.perf_counter() - begun


def _agree(expected: tuple[Floats, ...], found: tuple[Floats, ...]) -> bool:
    return all(
        np.abs(one - other).max() <= TOLERANCE * np.abs(one).max() for one, other in zip(expected, found, strict=True)
    )


def _remembered(file: Path) -> str:
    """What was chosen before; "" if nothing was."""
    try:
        return str(json.loads(file.read_bytes())["runtime"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _key(typical: NDArray[Any], sha256: str) -> str:
    """Everything that the answer depends on: network, input, processor with the cores that are ours, and versions."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    machine = (processor().name, sorted(processor().features), cores)
    parts = (sha256, typical.shape, *machine, version("torch"), version("openvino"))
    return hash_of(repr(parts).encode()).hexdigest()[:32]
