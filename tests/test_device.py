"""Devices and precision."""

from __future__ import annotations

import pytest
import torch

from surveil.device import autocast, fast_dtype, resolve_device
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


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [({}, torch.float32), ({"avx512_bf16": True}, torch.bfloat16), ({"amx_bf16": True}, torch.bfloat16)],
)
def test_bfloat16_only_where_the_cpu_has_it(monkeypatch, capabilities, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    cpu = torch.device("cpu")
    assert fast_dtype(cpu) == expected
    with autocast(cpu):
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype == expected


def test_float16_on_cuda():
    assert fast_dtype(torch.device("cuda")) == torch.float16
