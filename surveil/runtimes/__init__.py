"""Runtimes: what runs a network, a batch in, arrays out. PyTorch everywhere; on CPUs OpenVINO where it is faster."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Protocol

from numpy.typing import NDArray

from surveil.device import is_cpu, resolve_device
from surveil.errors import CheckpointError
from surveil.types import Floats

if TYPE_CHECKING:
    from torch import nn

    from surveil.runtimes.quantised import QuantisedFile

RuntimeName = Literal["auto", "torch", "openvino", "openvino-int8"]


class Runtime(Protocol):
    """Runs one network.

    Attributes:
        name: "torch", "openvino" or "openvino-int8".
    """

    name: str

    def __call__(self, inputs: NDArray[Any]) -> tuple[Floats, ...]:
        """(N, ...) as the network takes it, one (N, ...) float32 array for each of its outputs; N may be any number."""


def make_runtime(
    build: Callable[[], nn.Module],
    device: str,
    typical: NDArray[Any],
    *,
    open_axes: Sequence[int] = (0,),
    name: RuntimeName = "auto",
    sha256: str = "",
    quantised: QuantisedFile | None = None,
    together: int = 1,
) -> Runtime:
    """The runtime for a network of PyTorch.

    Args:
        build: Makes the network, in evaluation mode, on the CPU; it gives a tensor or a tuple of tensors. Not called
            where OpenVINO was chosen before and what it runs is kept: a start without PyTorch is faster by seconds.
        device: Where it shall run: "auto", "cpu", "cuda" or "cuda:N".
        typical: A batch such as it will get, two or more; other batches may differ from it in the open axes.
        open_axes: The axes of the input whose length may differ from batch to batch.
        name: "auto" takes the one that is faster here, measured once per machine and weights (`fastest`). It stays with
            PyTorch for weights without a hash, because what is measured and converted is kept under that hash.
        sha256: Of the weights.
        quantised: The same network in 8 bits, where there is one, for "openvino-int8"; "auto" never takes it, for its
            answers differ from the other runtimes' by more than rounding.
        together: Inputs that a core takes at once where there are enough for all cores, with OpenVINO.

    Raises:
        CheckpointError: The file of the quantised network is not the one with its hash, or there is none and
            "openvino-int8" was asked for.
        SurveilError: OpenVINO was asked for and is not installed, or there is no such device.
    """
    from surveil.runtimes.with_openvino import OpenVinoRuntime, convert

    on_cpu = is_cpu(device)
    build = cache(build)

    def openvino() -> Runtime:
        return OpenVinoRuntime(convert(build, typical, open_axes, sha256), together=together)

    def plain() -> Runtime:
        from surveil.runtimes.with_torch import TorchRuntime

        return TorchRuntime(build(), resolve_device(device))

    if name == "openvino-int8":
        if quantised is None:
            raise CheckpointError(
                "there is no network in 8 bits beside these weights", next_step="Use openvino or torch."
            )
        return OpenVinoRuntime(quantised.read(), name, together=together)
    if name == "openvino":
        return openvino()
    if name == "auto" and on_cpu and sha256 and importlib.util.find_spec("openvino") is not None:
        from surveil.runtimes.fastest import fastest

        return fastest({"torch": plain, "openvino": openvino}, typical, sha256)
    return plain()
