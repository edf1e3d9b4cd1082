import numpy as np
import pytest
import torch

from surveil.errors import CheckpointError
from surveil.model.checkpoint import Card, load_card, quantised_path, save_checkpoint
from surveil.model.embed import AppearanceModel
from surveil.model.network import build_network
from surveil.runtimes.quantised import QuantisedFile
from training import quantise
from training.datasets import PersonImages

pytest.importorskip("nncf", reason="NNCF is not installed (extra `training`)")
pytest.importorskip("openvino", reason="OpenVINO is not installed (extra `openvino`)")


@pytest.fixture(scope="module")
def people():
    pictures = np.random.default_rng(0).integers(0, 256, (20, 64, 32, 3), np.uint8)
    ids, cameras = np.repeat(np.arange(5), 4), np.tile([0, 0, 1, 1], 5)
    return PersonImages(pictures, ids, cameras, np.zeros((20, 32), np.float32))


@pytest.fixture(scope="module")
def weights(tmp_path_factory, people):
    folder = tmp_path_factory.mktemp("quantised")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.setattr(quantise, "SAMPLE", 8)
        torch.manual_seed(0)
        path = folder / "small.safetensors"
        save_checkpoint(path, build_network("resnet18"), Card("small", "resnet18", (64, 32)))
        quantise.quantise(path, [people], people)
    return path


def test_the_card_vouches_for_the_network_in_8_bits_and_tells_how_near_it_is(weights, people):
    card = load_card(weights)
    assert card.quantised["parity"]["cosine_mean"] > 0.95
    model = AppearanceModel.load(weights, device="cpu", runtime="openvino-int8")
    exact = AppearanceModel.load(weights, device="cpu", runtime="torch")
    crops = list(people.images)
    pairs = zip(model.describe(crops), exact.describe(crops), strict=True)
    cosines = [float(one.embedding @ other.embedding) for one, other in pairs]
    assert np.mean(cosines) == pytest.approx(card.quantised["parity"]["cosine_mean"], abs=1e-3)
    assert quantised_path(weights).with_suffix(".bin").stat().st_size < weights.stat().st_size


def test_8_bits_are_for_those_who_ask(weights):
    assert AppearanceModel.load(weights, device="cpu").runtime.name == "openvino"


def test_a_changed_file_is_refused(weights, tmp_path):
    path = quantised_path(weights)
    for suffix in (".xml", ".bin"):
        (tmp_path / f"copy{suffix}").write_bytes(path.with_suffix(suffix).read_bytes())
    (tmp_path / "copy.bin").write_bytes(path.with_suffix(".bin").read_bytes()[:-1] + b"\x01")
    with pytest.raises(CheckpointError, match="SHA-256 differs"):
        QuantisedFile(tmp_path / "copy.xml", load_card(weights).quantised["sha256"]).read()
    with pytest.raises(CheckpointError, match="cannot be read"):
        QuantisedFile(tmp_path / "missing.xml", "").read()


def test_weights_without_a_network_in_8_bits_say_so(tmp_path):
    path = tmp_path / "plain.safetensors"
    save_checkpoint(path, build_network("resnet18"), Card("plain", "resnet18", (64, 32)))
    with pytest.raises(CheckpointError, match="8 bits"):
        AppearanceModel.load(path, device="cpu", runtime="openvino-int8")
