import json
import sys

import numpy as np
import onnxruntime
import pytest
import torch

from surveil.attributes import OUTPUT_NAMES
from surveil.calibration import Calibration
from surveil.errors import CheckpointError
from surveil.model.checkpoint import Card, load_card, load_checkpoint, save_checkpoint
from surveil.model.embed import as_images
from surveil.model.network import build_network
from training import onnx_export
from training.__main__ import main
from training.parity import WholeModel, largest_differences, predict


def checkpoint(folder, architecture):
    torch.manual_seed(0)
    network = build_network(architecture)
    network.train()(torch.randn(4, 3, 64, 64))
    weights = folder / "model.safetensors"
    calibration = Calibration(tuple(np.linspace(0.5, 2, 12)), tuple(np.linspace(-1, 1, 32)))
    card = Card(
        "model",
        architecture,
        (64, 64),
        (0.4, 0.5, 0.6),
        calibration=calibration,
        dimension_weights=tuple(np.linspace(0.5, 2, 544)),
    )
    save_checkpoint(weights, network, card)
    return weights


@pytest.mark.parametrize(
    "architecture", ["efficientnet-lite0-attention", pytest.param("resnet34-attention", marks=pytest.mark.slow)]
)
def test_a_runtime_without_pytorch_gives_the_same(architecture, tmp_path, monkeypatch, capsys):
    weights, out = checkpoint(tmp_path, architecture), tmp_path / "model.onnx"
    monkeypatch.setattr(sys, "argv", ["training", "onnx", str(weights), "--out", str(out)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert "largest difference from PyTorch: features" in capsys.readouterr().out

    network, card = load_checkpoint(weights)
    crops = list(np.random.default_rng(5).integers(0, 256, (3, 90, 50, 3), np.uint8))
    session = onnxruntime.InferenceSession(str(out))
    found = session.run(["features", "probabilities", "embedding"], {"images": as_images(crops, card.input_size)})
    expected = predict(WholeModel(network, card), crops, card.input_size)
    for name, difference in largest_differences(expected, found).items():
        assert difference < 1e-3, name

    about = json.loads((tmp_path / "model.onnx.json").read_text())
    assert about["attributes"] == list(OUTPUT_NAMES)
    assert about["onnx"]["made_of_sha256"] == card.sha256 == load_card(weights).sha256
    assert about["onnx"]["inputs"] == {"images": "(N, 3, 64, 64) float32, RGB from 0 to 1"}


def test_a_file_that_says_something_else_is_not_left_behind(tmp_path, monkeypatch):
    weights, out = checkpoint(tmp_path, "alexnet"), tmp_path / "out" / "model.onnx"
    written = onnx_export._content

    def other(model, card):
        torch.manual_seed(1)
        return written(WholeModel(build_network("alexnet"), card).eval(), card)

    monkeypatch.setattr(onnx_export, "_content", other)
    with pytest.raises(CheckpointError, match="ONNX Runtime gives other features"):
        onnx_export.export_onnx(weights, out)
    assert not out.parent.exists()
