"""Devices and precision."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from surveil.device import autocast, fast_dtype, is_cpu, processor, resolve_device
from surveil.errors import SurveilError


@pytest.mark.parametrize(("devices", "expected"), [(0, "cpu"), (1, "cuda")])
def test_auto_takes_cuda_where_there_is_one(monkeypatch, devices, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: devices > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: devices)
    assert resolve_device("auto").type == expected


def test_cpu_is_always_there():
    assert resolve_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda", "cuda:3", "mps", "gpu"])
def test_a_device_that_is_not_there_is_an_error_that_names_it(monkeypatch, name):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(SurveilError, match=name):
        resolve_device(name)


FLAGS = [("", torch.float32), ("avx512_bf16", torch.bfloat16), ("amx_bf16", torch.bfloat16)]


@pytest.fixture
def cpu_info(monkeypatch, tmp_path):
    """The file in which Linux tells about processors, for the test to write."""
    monkeypatch.setattr("surveil.device.CPU_INFO", tmp_path / "cpuinfo")
    processor.cache_clear()
    yield tmp_path / "cpuinfo"
    processor.cache_clear()


def test_the_processor_is_the_one_that_linux_names(cpu_info):
    one = "processor\t: {}\nmodel name\t: Some CPU @ 3: GHz\nflags\t\t: fpu sse2 avx512_bf16\nvmx flags\t: other\n\n"
    cpu_info.write_text(one.format(0) + one.format(1))
    assert processor() == ("Some CPU @ 3: GHz", {"fpu", "sse2", "avx512_bf16"})


@pytest.mark.parametrize(("flags", "expected"), FLAGS)
def test_bfloat16_only_where_linux_says_that_the_cpu_has_it(cpu_info, flags, expected):
    cpu_info.write_text(f"model name : x\nflags : fpu {flags} sse2\n")
    assert fast_dtype(torch.device("cpu")) == expected


@pytest.mark.parametrize(("flags", "expected"), FLAGS)
def test_bfloat16_only_where_the_cpu_has_it(monkeypatch, cpu_info, flags, expected):
    """Where Linux does not tell, PyTorch does."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {flags: True, "avx512_vnni": True, "amx_fp16": False})
    cpu = torch.device("cpu")
    assert fast_dtype(cpu) == expected
    with autocast(cpu):
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype == expected


def test_auto_is_the_cpu_where_there_is_no_driver_without_asking_pytorch(monkeypatch):
    monkeypatch.setattr("surveil.device.CUDA_DRIVER", "libno_such_driver.so.1")
    monkeypatch.setattr("surveil.device.ROCM_DRIVER", Path("/no/such/device"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: pytest.fail("it was asked"))
    assert is_cpu("cpu")
    if Path("/proc/cpuinfo").exists():
        assert is_cpu("auto")


@pytest.mark.parametrize("there", [True, False])
def test_auto_is_what_pytorch_says_where_there_is_a_driver(monkeypatch, there):
    monkeypatch.setattr("surveil.device.ROCM_DRIVER", Path("/"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: int(there))
    assert is_cpu("auto") is not there
    with pytest.raises(SurveilError, match="gpu"):
        is_cpu("gpu")


def test_float16_on_cuda():
    assert fast_dtype(torch.device("cuda")) == torch.float16
