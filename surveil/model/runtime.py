"""Runtimes: what runs a network, a batch in, arrays out. PyTorch everywhere; OpenVINO on CPUs where it is installed."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import torch
from torch import nn

from surveil.device import autocast, fast_dtype
from surveil.offline import import_openvino
from surveil.types import Floats

if TYPE_CHECKING:
    import openvino

RuntimeName = Literal["auto", "torch", "openvino"]
CHUNK = 8
"""Pictures that one core takes at a time: OpenVINO on all cores at once waits more than it works."""


class Runtime(Protocol):
    """Runs one network.

    Attributes:
        name: "torch" or "openvino".
    """

    name: str

    def __call__(self, images: Floats) -> tuple[Floats, ...]:
        """(N, C, H, W) float32 in, one (N, ...) float32 array for each output of the network; N may be any number."""


class TorchRuntime:
    """PyTorch, on any device, in the precision that is fastest there.

    Args:
        network: Returns a tensor or a tuple of tensors.
        device: Where it runs.
    """

    name = "torch"

    def __init__(self, network: nn.Module, device: torch.device) -> None:
        self._device = device
        self._network = network.eval().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.inference_mode()
    def __call__(self, images: Floats) -> tuple[Floats, ...]:
        """See `Runtime`."""
        batch = torch.from_numpy(images).to(self._device, memory_format=torch.channels_last)
        with autocast(self._device):
            outputs = self._network(batch)
        found = outputs if isinstance(outputs, tuple) else (outputs,)
        return tuple(output.float().cpu().numpy() for output in found)


class OpenVinoRuntime:
    """OpenVINO on the CPU, each core with pictures of its own.

    Args:
        model: As `convert` or `openvino.Core().read_model` gives it; its first dimension may be any.

    Raises:
        SurveilError: The extra `openvino` is not installed.
    """

    name = "openvino"

    def __init__(self, model: openvino.Model) -> None:
        openvino = import_openvino()
        precision = "f32" if fast_dtype(torch.device("cpu")) == torch.float32 else "bf16"
        settings = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": precision}
        self._model = openvino.Core().compile_model(model, "CPU", settings)
        self._queue = openvino.AsyncInferQueue(self._model)

    def __call__(self, images: Floats) -> tuple[Floats, ...]:
        """See `Runtime`."""
        starts = range(0, len(images), CHUNK)
        found: dict[int, list[Floats]] = {}

        def keep(request: Any, start: int) -> None:
            found[start] = [np.array(tensor.data, np.float32) for tensor in request.output_tensors]

        self._queue.set_callback(keep)
        for start in starts:
            self._queue.start_async({0: images[start : start + CHUNK]}, start)
        self._queue.wait_all()
        return tuple(np.concatenate(parts) for parts in zip(*(found[start] for start in starts), strict=True))


def make_runtime(
    network: nn.Module, device: torch.device, input_size: Sequence[int], *, name: RuntimeName = "auto", sha256: str = ""
) -> Runtime:
    """The runtime for a network of PyTorch.

    Args:
        network: In evaluation mode, on the CPU; gives a tensor or a tuple of tensors for (N, 3, H, W) float32.
        device: Where it shall run.
        input_size: (height, width) in pixels.
        name: "auto" takes OpenVINO on a CPU where it is installed, but only for weights with a hash: converting a
            network takes seconds, so the result is kept in the user's cache folder under that hash.
        sha256: Of the weights.

    Raises:
        SurveilError: "openvino" was asked for and is not installed.
    """
    usable = device.type == "cpu" and sha256 and importlib.util.find_spec("openvino") is not None
    if name == "torch" or (name == "auto" and not usable):
        return TorchRuntime(network, device)
    return OpenVinoRuntime(convert(network, input_size, sha256))


def convert(network: nn.Module, input_size: Sequence[int], sha256: str = "") -> openvino.Model:
    """A network of PyTorch as OpenVINO takes it: from the cache where it was converted before.

    Raises:
        SurveilError: The extra `openvino` is not installed.
    """
    openvino = import_openvino()
    size = "x".join(str(side) for side in input_size)
    cached = _cache_folder() / f"{sha256[:16]}-{size}-{openvino.__version__.split('-')[0]}.xml"
    if sha256 and cached.is_file() and cached.with_suffix(".bin").is_file():
        return openvino.Core().read_model(cached)
    shape = (3, *input_size)
    model = openvino.convert_model(network.eval(), example_input=torch.zeros(2, *shape), input=[-1, *shape])
    if sha256:
        _store(model, cached)
    return model


def _store(model: openvino.Model, path: Path) -> None:
    """Two processes may write at once: each its own files, renamed; the weights first, for the .xml is looked for."""
    own = path.with_name(f"{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        import_openvino().save_model(model, own, compress_to_fp16=False)
        own.with_suffix(".bin").replace(path.with_suffix(".bin"))
        own.replace(path)
    except OSError:
        return  # a cache that cannot be written costs seconds at the next start, nothing else


def _cache_folder() -> Path:
    """XDG base directory specification."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "surveil" / "openvino"
