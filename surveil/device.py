"""Which device runs the networks, and in which precision."""

from __future__ import annotations

import contextlib
import ctypes
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from surveil.errors import SurveilError

if TYPE_CHECKING:
    import torch


CPU_INFO = Path("/proc/cpuinfo")
"""Where Linux tells what processors there are."""
CUDA_DRIVER, ROCM_DRIVER = "libcuda.so.1", Path("/dev/kfd")


def is_cpu(name: str) -> bool:
    """Whether a setting means the CPU; importing PyTorch takes a second, so it is asked only where that is not plain.

    Args:
        name: As `resolve_device` takes it.

    Raises:
        SurveilError: See `resolve_device`.
    """
    if name == "cpu" or (name == "auto" and not _may_have_cuda()):
        return True
    return resolve_device(name).type == "cpu"


def _may_have_cuda() -> bool:
    """False where Linux has no driver, without which PyTorch sees no device either."""
    if not CPU_INFO.exists() or ROCM_DRIVER.exists():
        return True
    try:
        ctypes.CDLL(CUDA_DRIVER)
    except OSError:
        return False
    return True


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
    return torch.bfloat16 if fast_with_bfloat16() else torch.float32


def fast_with_bfloat16() -> bool:
    """Whether this processor has instructions for bfloat16."""
    return not processor().features.isdisjoint({"avx512_bf16", "amx_bf16"})


class Processor(NamedTuple):
    """What processor this is: its name, and the instructions that it has, as Linux calls them."""

    name: str
    features: frozenset[str]


@cache
def processor() -> Processor:
    """The processor; where Linux does not tell, as PyTorch sees it, which calls what matters here the same."""
    try:
        text = CPU_INFO.read_text()
    except OSError:
        import torch

        known = torch.cpu.get_capabilities()
        return Processor(str(known.get("cpu_name", "")), frozenset(name for name, there in known.items() if there))
    fields = dict(re.findall(r"^(model name|flags)\s*:\s*(.*)$", text, re.MULTILINE))
    return Processor(fields.get("model name", ""), frozenset(fields.get("flags", "").split()))


def autocast(device: torch.device) -> contextlib.AbstractContextManager[object]:
    """Run what is inside in the precision of `fast_dtype`."""
    import torch

    dtype = fast_dtype(device)
    if dtype == torch.float32:
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=dtype)
