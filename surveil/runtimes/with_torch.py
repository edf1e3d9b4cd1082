"""PyTorch, on any device, in the precision that is fastest there."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from surveil.device import autocast
from surveil.types import Floats


class TorchRuntime:
    """See `surveil.runtimes.Runtime`.

    Args:
        network: Returns a tensor or a tuple of tensors.
        device: Where it runs.
    """

    name = "torch"

    def __init__(self, network: nn.Module, device: torch.device) -> None:
        self._device = device
        self._network = network.eval().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.inference_mode()
    def __call__(self, inputs: NDArray[Any]) -> tuple[Floats, ...]:
        """See `surveil.runtimes.Runtime`."""
        batch = torch.from_numpy(inputs).to(self._device)
        with autocast(self._device):
            outputs = self._network(batch)
        found = outputs if isinstance(outputs, tuple) else (outputs,)
        return tuple(output.float().cpu().numpy() for output in found)
