"""OpenVINO, on the CPU, each core with inputs of its own: all cores on one batch wait more than they work."""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surveil.device import fast_with_bfloat16
from surveil.files import cache_folder
from surveil.offline import cores, import_openvino
from surveil.types import Floats

if TYPE_CHECKING:
    import openvino
    from torch import nn

MAX_SHAPES = 4
"""Shapes of inputs for which a network is kept compiled: cameras come in few, and each takes about 100 MB."""

log = logging.getLogger(__name__)


class OpenVinoRuntime:
    """See `surveil.runtimes.Runtime`.

    A network compiled for one shape needs a tenth less time than one for all, and compiling takes 0.2 seconds.

    Args:
        model: As `convert` or `openvino.Core().read_model` gives it; its first dimension may be any.
        name: How the runtime is called.
        together: So many inputs a core takes at once while there are as many for every core; what is left over goes
            one by one.

    Raises:
        SurveilError: The extra `openvino` is not installed.
    """

    def __init__(self, model: openvino.Model, name: str = "openvino", *, together: int = 1) -> None:
        self.name, self._together = name, together
        self._openvino = import_openvino()
        self._core = self._openvino.Core()
        self._model = model
        self._lock = threading.Lock()
        self._queues: OrderedDict[tuple[int, ...], openvino.AsyncInferQueue] = OrderedDict()

    def __call__(self, inputs: NDArray[Any]) -> tuple[Floats, ...]:
        """See `surveil.runtimes.Runtime`."""
        for_all_cores = self._together * _allowed_threads()
        in_groups = len(inputs) // for_all_cores * for_all_cores
        with self._lock:  # a queue has one callback at a time
            found = [
                *self._run(inputs[:in_groups], self._together),
                *self._run(inputs[in_groups:], 1),
            ]
        return tuple(np.concatenate(part) for part in zip(*found, strict=True))

    def _run(self, inputs: NDArray[Any], size: int) -> list[list[Floats]]:
        """What the network says of each group of so many inputs."""
        if not len(inputs):
            return []
        queue = self._queue((size, *inputs.shape[1:]))
        found: dict[int, list[Floats]] = {}

        def keep(request: Any, first: int) -> None:
            found[first] = [np.array(tensor.data, np.float32) for tensor in request.output_tensors]

        queue.set_callback(keep)
        for first in range(0, len(inputs), size):
            queue.start_async({0: inputs[first : first + size]}, first)
        queue.wait_all()
        return [found[first] for first in sorted(found)]

    def _queue(self, shape: tuple[int, ...]) -> openvino.AsyncInferQueue:
        if shape in self._queues:
            self._queues.move_to_end(shape)
            return self._queues[shape]
        while len(self._queues) >= MAX_SHAPES:
            self._queues.popitem(last=False)
        precision = "bf16" if fast_with_bfloat16() else "f32"
        settings = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": precision}
        if (threads := _allowed_threads()) < cores():
            settings["INFERENCE_NUM_THREADS"] = str(threads)  # as PyTorch does: a worker of Ray has its share of cores
        self._model.reshape(shape)
        compiled = self._core.compile_model(self._model, "CPU", settings)
        self._queues[shape] = self._openvino.AsyncInferQueue(compiled)
        return self._queues[shape]


def _allowed_threads() -> int:
    """As many as OMP_NUM_THREADS says, which may be a list by depth of nesting; else all cores."""
    first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(first) if first.isdecimal() and int(first) > 0 else cores()


def convert(
    build: Callable[[], nn.Module], typical: NDArray[Any], open_axes: Sequence[int] = (0,), sha256: str = ""
) -> openvino.Model:
    """A network of PyTorch as OpenVINO takes it: from the user's cache folder where it was converted before.

    Args:
        build: Makes the network, on the CPU; not called where it was converted before.
        typical: A batch such as it will get, two or more.
        open_axes: The axes of the input whose length may differ from batch to batch.
        sha256: Of the weights; without it nothing is kept.

    Raises:
        SurveilError: The extra `openvino` is not installed.
    """
    openvino = import_openvino()
    shape = [-1 if axis in open_axes else length for axis, length in enumerate(typical.shape)]
    form = "x".join("n" if length == -1 else str(length) for length in shape)
    cached = cache_folder() / "openvino" / f"{sha256[:16]}-{form}-{openvino.__version__.split('-')[0]}.xml"
    if sha256 and cached.is_file() and cached.with_suffix(".bin").is_file():
        return openvino.Core().read_model(cached)
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # OpenVINO reads what torch.jit traces, which is being given up
        model = openvino.convert_model(build().eval(), example_input=torch.from_numpy(typical[:2]), input=shape)
    if sha256 and _store(model, cached):
        return openvino.Core().read_model(cached)  # as later starts have it: the one at hand rounds otherwise
    return model


def _store(model: openvino.Model, path: Path) -> bool:
    """Keep a network; whether that was possible.

    Two processes may write at once: each its own files, renamed; the weights first, for the .xml is looked for.
    """
    own = path.with_name(f"{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        import_openvino().save_model(model, own, compress_to_fp16=False)
        own.with_suffix(".bin").replace(path.with_suffix(".bin"))
        own.replace(path)
        return True
    except (OSError, RuntimeError) as error:  # OpenVINO says "iostream error" where the disk is full
        log.warning("%s: the converted network is not kept (%s); it is converted again next time.", path.parent, error)
        return False
    finally:
        with suppress(OSError):
            for file in (own, own.with_suffix(".bin")):
                file.unlink(missing_ok=True)
