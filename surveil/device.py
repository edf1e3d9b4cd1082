"""Which device runs the networks, and in which precision."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from surveil.errors import SurveilError

if TYPE_CHECKING:
    import torch


def resolve_device(name: str) -> torch.device:
    """The device that a setting names; "auto" is CUDA where there is one, else the CPU.

    Args:
        name: "auto", "cpu", "cuda" or "cuda:N".

    Raises:
        SurveilError: The name is unknown, or PyTorch sees no such device.
    """
    import torch

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise SurveilError("no such device", name, "Use auto, cpu or cuda.") from None
    if device.type not in ("cpu", "cuda"):
        raise SurveilError("surveil does not run on this kind of device", name, "Use auto, cpu or cuda.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise SurveilError(
            f"PyTorch sees {torch.cuda.device_count()} CUDA devices", name, "Use auto or cpu, or install a CUDA build."
        )
    return device


def fast_dtype(device: torch.device) -> torch.dtype:
    """The precision in which inference is fastest without emulation.

    float16 on CUDA; bfloat16 on a CPU with AVX512-BF16 or AMX instructions; float32 on every other CPU,
    where bfloat16 would be emulated and slower.
    """
    import torch

    if device.type == "cuda":
        return torch.float16
    cpu = torch.cpu.get_capabilities()
    return torch.bfloat16 if cpu.get("avx512_bf16") or cpu.get("amx_bf16") else torch.float32


def autocast(device: torch.device) -> contextlib.AbstractContextManager[object]:
    """Run what is inside in the precision of `fast_dtype`."""
    import torch

    dtype = fast_dtype(device)
    if dtype == torch.float32:
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=dtype)
