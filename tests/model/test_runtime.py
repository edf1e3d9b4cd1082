import importlib.util

import numpy as np
import pytest
import torch
from torch import nn

from surveil.errors import SurveilError
from surveil.model import runtime
from surveil.model.runtime import OpenVinoRuntime, TorchRuntime, convert, make_runtime

CPU = torch.device("cpu")
needs_openvino = pytest.mark.skipif(importlib.util.find_spec("openvino") is None, reason="OpenVINO is not installed")


class TwoAnswers(nn.Module):
    """A small network that gives a tuple, as the appearance network does."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.trunk = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())

    def forward(self, images):
        features = self.trunk(images)
        return features.mean(dim=(2, 3)), features.amax(dim=(2, 3))


@pytest.fixture
def network():
    return TwoAnswers().eval()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "surveil" / "openvino"


def pictures(n):
    return np.random.default_rng(n).random((n, 3, 32, 16), np.float32)


def test_torch_gives_the_networks_own_answers(network):
    with torch.inference_mode():
        expected = network(torch.from_numpy(pictures(3)))
    found = make_runtime(network, CPU, (32, 16))(pictures(3))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other.numpy(), rtol=2e-2)


def test_a_single_tensor_is_one_answer():
    [found] = TorchRuntime(nn.Flatten(), CPU)(pictures(2))
    np.testing.assert_allclose(found, pictures(2).reshape(2, -1), rtol=1e-2)


@needs_openvino
@pytest.mark.parametrize("n", [1, 7, 8, 19])
def test_openvino_answers_as_torch_does_in_batches_of_any_size(network, n):
    ours = OpenVinoRuntime(convert(network, (32, 16)))(pictures(n))
    with torch.inference_mode():
        expected = network(torch.from_numpy(pictures(n)))
    for one, other in zip(ours, expected, strict=True):
        np.testing.assert_allclose(one, other.numpy(), atol=1e-3)


@needs_openvino
def test_a_network_with_a_hash_is_converted_once(network, cache, monkeypatch):
    assert make_runtime(network, CPU, (32, 16), sha256="a" * 64).name == "openvino"
    assert {path.suffix for path in cache.iterdir()} == {".xml", ".bin"}
    monkeypatch.setattr("openvino.convert_model", None)
    again = make_runtime(network, CPU, (32, 16), sha256="a" * 64)(pictures(2))
    np.testing.assert_allclose(again[0], TorchRuntime(network, CPU)(pictures(2))[0], atol=1e-2)


@needs_openvino
def test_another_input_size_is_another_conversion(network, cache):
    for size in ((32, 16), (48, 24)):
        pictures_of = np.zeros((1, 3, *size), np.float32)
        assert make_runtime(network, CPU, size, sha256="a" * 64)(pictures_of)[0].shape == (1, 8)


def test_a_cache_that_cannot_be_written_costs_only_time(network, cache):
    cache.parent.mkdir()
    cache.write_text("in the way")
    assert make_runtime(network, CPU, (32, 16), sha256="a" * 64)(pictures(1))[0].shape == (1, 8)


def test_weights_without_a_hash_stay_with_torch(network):
    assert make_runtime(network, CPU, (32, 16)).name == "torch"


def test_openvino_that_is_not_installed_is_named(network, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "openvino", None)
    with pytest.raises(SurveilError, match=r"surveil\[openvino\]"):
        runtime.make_runtime(network, CPU, (32, 16), name="openvino")
