"""Runtimes: what runs a network, a batch in, arrays out. PyTorch everywhere; OpenVINO on CPUs where it is installed."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import torch
from torch import nn

from surveil.device import autocast, fast_dtype
from surveil.errors import CheckpointError
from surveil.offline import import_openvino
from surveil.types import Floats

if TYPE_CHECKING:
    import openvino

RuntimeName = Literal["auto", "torch", "openvino", "openvino-int8"]


class Runtime(Protocol):
    """Runs one network.

    Attributes:
        name: "torch", "openvino" or "openvino-int8".
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
    """OpenVINO on the CPU, each core with one picture at a time: all cores on one batch wait more than they work.

    Args:
        model: As `convert` or `openvino.Core().read_model` gives it; its first dimension may be any.
        name: How the runtime is called.

    Raises:
        SurveilError: The extra `openvino` is not installed.
    """

    def __init__(self, model: openvino.Model, name: str = "openvino") -> None:
        openvino = import_openvino()
        self.name = name
        model.reshape([1, *model.input().partial_shape[1:]])  # a fixed shape is a tenth faster than an open one
        precision = "f32" if fast_dtype(torch.device("cpu")) == torch.float32 else "bf16"
        settings = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": precision}
        self._model = openvino.Core().compile_model(model, "CPU", settings)
        self._queue = openvino.AsyncInferQueue(self._model)

    def __call__(self, images: Floats) -> tuple[Floats, ...]:
        """See `Runtime`."""
        found: dict[int, list[Floats]] = {}

        def keep(request: Any, number: int) -> None:
            found[number] = [np.array(tensor.data, np.float32) for tensor in request.output_tensors]

        self._queue.set_callback(keep)
        for number in range(len(images)):
            self._queue.start_async({0: images[number : number + 1]}, number)
        self._queue.wait_all()
        parts = zip(*(found[number] for number in range(len(images))), strict=True)
        return tuple(np.concatenate(part) for part in parts)


@dataclass(frozen=True, slots=True)
class QuantisedFile:
    """A network in 8 bits as OpenVINO writes it down.

    Attributes:
        path: NAME.xml; NAME.bin lies beside it.
        sha256: Of the one and the other, one behind the other.
    """

    path: Path
    sha256: str

    def read(self) -> openvino.Model:
        """The network, if its files are the ones with this hash.

        Raises:
            CheckpointError: They are not, or cannot be read.
            SurveilError: The extra `openvino` is not installed.
        """
        core = import_openvino().Core()
        graph, weights = self._content()
        if hashlib.sha256(graph + weights).hexdigest() != self.sha256:
            raise CheckpointError(
                "not the network in 8 bits that the card describes (SHA-256 differs)", self.path, "Copy it again."
            )
        return core.read_model(graph, weights)

    def _content(self) -> tuple[bytes, bytes]:
        try:
            return self.path.read_bytes(), self.path.with_suffix(".bin").read_bytes()
        except OSError as error:
            raise CheckpointError(f"cannot be read ({error.strerror})", self.path, "Check the path.") from error


def make_runtime(
    network: nn.Module,
    device: torch.device,
    input_size: Sequence[int],
    *,
    name: RuntimeName = "auto",
    sha256: str = "",
    quantised: QuantisedFile | None = None,
) -> Runtime:
    """The runtime for a network of PyTorch.

    Args:
        network: In evaluation mode, on the CPU; gives a tensor or a tuple of tensors for (N, 3, H, W) float32.
        device: Where it shall run.
        input_size: (height, width) in pixels.
        name: "auto" takes OpenVINO on a CPU where it is installed, but only for weights with a hash: converting a
            network takes seconds, so the result is kept in the user's cache folder under that hash.
        sha256: Of the weights.
        quantised: The same network in 8 bits, where there is one, for "openvino-int8"; "auto" never takes it, for its
            answers differ from the other runtimes' by more than rounding.

    Raises:
        CheckpointError: The file of the quantised network is not the one with its hash, or there is none and
            "openvino-int8" was asked for.
        SurveilError: OpenVINO was asked for and is not installed.
    """
    usable = device.type == "cpu" and sha256 and importlib.util.find_spec("openvino") is not None
    if name == "torch" or (name == "auto" and not usable):
        return TorchRuntime(network, device)
    if name == "openvino-int8":
        if quantised is None:
            raise CheckpointError(
                "there is no network in 8 bits beside these weights", next_step="Use openvino or torch."
            )
        return OpenVinoRuntime(quantised.read(), name)
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
