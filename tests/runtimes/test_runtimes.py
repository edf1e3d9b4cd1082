import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn

from surveil.device import fast_dtype
from surveil.errors import SurveilError
from surveil.runtimes import fastest, make_runtime
from surveil.runtimes.with_openvino import MAX_SHAPES, OpenVinoRuntime, convert
from surveil.runtimes.with_torch import TorchRuntime
from tests.needs import needs_openvino

CPU = "cpu"
ROUNDING = 1e-3 if fast_dtype(torch.device(CPU)) == torch.float32 else 2**-8
"""By how much answers of the size of one may differ: bfloat16 has 8 bits."""


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
    """A cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "surveil"


def pictures(n):
    return np.random.default_rng(n).random((n, 3, 32, 16), np.float32)


def make(network, name="auto", sha256=""):
    return make_runtime(lambda: network, CPU, pictures(3), name=name, sha256=sha256)


def assert_alike(found, expected, **tolerance):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, np.asarray(other), **tolerance)


def test_torch_gives_the_networks_own_answers(network):
    with torch.inference_mode():
        expected = network(torch.from_numpy(pictures(3)))
    assert_alike(make(network)(pictures(3)), expected, rtol=2e-2)


def test_on_a_card_everything_is_computed_in_half_precision(network, monkeypatch):
    monkeypatch.setattr("surveil.device.fast_dtype", lambda device: torch.float16)  # what it says of a card
    seen = []
    for layer in network.trunk:
        layer.register_forward_hook(lambda layer, inputs, output: seen.append(output.dtype))
    found = make(network)(pictures(3))
    assert seen == [torch.float16] * 3
    assert {answer.dtype for answer in found} == {np.dtype(np.float32)}
    monkeypatch.undo()
    assert_alike(found, make(network)(pictures(3)), rtol=2e-2)


@needs_openvino
@pytest.mark.parametrize("threads", ["1", "1,2", " 1 ", "0", "many"])
def test_whatever_stands_in_the_number_of_threads_there_is_an_answer(network, monkeypatch, threads):
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    assert_alike(make(network, "openvino")(pictures(3)), make(network, "torch")(pictures(3)), atol=4 * ROUNDING)


def test_a_single_tensor_is_one_answer():
    [found] = TorchRuntime(nn.Flatten(), torch.device(CPU))(pictures(2))
    np.testing.assert_allclose(found, pictures(2).reshape(2, -1), rtol=1e-2)


@needs_openvino
@pytest.mark.parametrize("together", [1, 4])
@pytest.mark.parametrize("n", [1, 7, 19])
def test_openvino_answers_as_torch_does_in_batches_of_any_size(network, n, together):
    ours = OpenVinoRuntime(convert(lambda: network, pictures(3)), together=together)(pictures(n))
    with torch.inference_mode():
        assert_alike(ours, network(torch.from_numpy(pictures(n))), atol=ROUNDING)


@needs_openvino
def test_open_axes_may_have_any_length_in_any_order(network):
    ours = OpenVinoRuntime(convert(lambda: network, pictures(3), open_axes=(0, 2, 3)))
    shapes = [(8 * i, 8 * i + 8) for i in range(1, MAX_SHAPES + 3)]
    for height, width in (*shapes, *shapes):
        inputs = np.random.default_rng(0).random((3, 3, height, width), np.float32)
        with torch.inference_mode():
            assert_alike(ours(inputs), network(torch.from_numpy(inputs)), atol=ROUNDING)


@needs_openvino
def test_threads_may_share_a_runtime(network):
    ours = OpenVinoRuntime(convert(lambda: network, pictures(3)))
    expected = {n: ours(pictures(n)) for n in range(1, 9)}
    with ThreadPoolExecutor(4) as threads:
        for n, found in zip([*expected] * 5, threads.map(lambda n: ours(pictures(n)), [*expected] * 5), strict=True):
            assert_alike(found, expected[n], atol=1e-6)


@needs_openvino
def test_a_network_with_a_hash_is_converted_once(network, cache, monkeypatch):
    assert make(network, "openvino", "a" * 64).name == "openvino"
    assert {path.suffix for path in (cache / "openvino").iterdir()} == {".xml", ".bin"}
    monkeypatch.setattr("openvino.convert_model", None)
    again = make(network, "openvino", "a" * 64)(pictures(2))
    assert_alike(again, TorchRuntime(network, torch.device(CPU))(pictures(2)), atol=1e-2)


@needs_openvino
def test_what_is_kept_is_run_without_making_the_network(network, monkeypatch):
    """So a search by a picture starts without PyTorch."""
    monkeypatch.setattr(fastest, "_seconds", lambda runtime, typical: {"torch": 2.0, "openvino": 1.0}[runtime.name])
    first = make_runtime(lambda: network, CPU, pictures(3), sha256="a" * 64)
    again = make_runtime(lambda: pytest.fail("it was made"), CPU, pictures(3), sha256="a" * 64)
    assert_alike(again(pictures(2)), first(pictures(2)), atol=1e-6)


@needs_openvino
def test_another_input_size_is_another_conversion(network):
    for size in ((32, 16), (48, 24)):
        pictures_of = np.zeros((2, 3, *size), np.float32)
        ours = make_runtime(lambda: network, CPU, pictures_of, name="openvino", sha256="a" * 64)
        assert ours(pictures_of)[0].shape == (2, 8)


@needs_openvino
def test_a_cache_that_cannot_be_written_costs_only_time(network, cache):
    cache.write_text("in the way")
    assert make(network, sha256="a" * 64)(pictures(1))[0].shape == (1, 8)


@needs_openvino
def test_a_cache_without_room_costs_only_time_and_nothing_is_left_in_it(network, cache, no_room_for_files, caplog):
    with no_room_for_files():
        ours = make(network, "openvino", "a" * 64)
    assert ours(pictures(1))[0].shape == (1, 8)
    assert "converted again next time" in caplog.text
    assert list((cache / "openvino").iterdir()) == []


class Made:
    """A runtime that takes so many seconds by the clock of the test, and answers with a constant."""

    def __init__(self, name, seconds, clock, answer=1.0):
        self.name, self.seconds, self.clock, self.answer = name, seconds, clock, answer

    def __call__(self, inputs):
        self.clock[0] += self.seconds
        return (np.full((len(inputs), 2), self.answer, np.float32),)


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("surveil.runtimes.fastest.time.perf_counter", lambda: now[0])
    return now


def choose(clock, torch_seconds, other_seconds, answer=1.0, sha256="a" * 64):
    other = Made("openvino", other_seconds, clock, answer)
    makers = {"torch": lambda: Made("torch", torch_seconds, clock), "openvino": lambda: other}
    return fastest.fastest(makers, pictures(2), sha256).name


@needs_openvino
def test_the_faster_one_is_taken_and_remembered(clock):
    assert choose(clock, 2, 1) == "openvino"
    assert choose(clock, 1, 2) == "openvino", "it was measured again"
    assert choose(clock, 1, 2, sha256="b" * 64) == "torch"
    before = clock[0]
    assert choose(clock, 2, 1, sha256="b" * 64) == "torch"
    assert clock[0] == before


@needs_openvino
def test_what_answers_differently_is_not_taken_however_fast(clock):
    assert choose(clock, 2, 1, answer=1.2) == "torch"


@needs_openvino
def test_a_note_that_is_damaged_is_measured_again(clock, cache):
    choose(clock, 2, 1)
    [note] = (cache / "runtimes").iterdir()
    for content in (b"", b"{}", b"[]", b"\xff"):
        note.write_bytes(content)
        assert choose(clock, 1, 2) == "torch"


def test_weights_without_a_hash_stay_with_torch(network):
    assert make(network).name == "torch"


@pytest.mark.parametrize("module", ["surveil.people.detect", "surveil.model.embed", "surveil.runtimes.with_openvino"])
def test_pytorch_is_not_imported_before_a_network_is_made(module):
    code = f"import sys, {module}; print([name for name in ('torch', 'ultralytics') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_openvino_that_is_not_installed_is_named(network, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(SurveilError, match=r"surveil\[openvino\]"):
        make(network, "openvino")
