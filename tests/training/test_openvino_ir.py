from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from surveil.errors import CheckpointError
from surveil.model.checkpoint import Card
from surveil.model.embed import as_images
from surveil.model.network import build_network
from training.openvino_ir import load_reid_retail

TEACHERS = Path(__file__).parents[3] / "shared/data/teachers"
PUBLISHED = TEACHERS / "person-reidentification-retail-0277.xml"
needs_teachers = pytest.mark.skipif(not PUBLISHED.exists(), reason="the published network is not at hand")


@needs_teachers
def test_our_module_gives_what_openvino_gives():
    openvino = pytest.importorskip("openvino")
    network = build_network("osnet-attention").eval()
    load_reid_retail(network, PUBLISHED)
    card = Card("test", "osnet-attention", (256, 128))
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (card.mean, card.std))
    rng = np.random.default_rng(0)
    crops = [cv2.resize(rng.integers(0, 256, (16, 8, 3), np.uint8), (128, 256)) for _ in range(2)]
    published = openvino.Core().compile_model(PUBLISHED, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    expected = [published(crop.transpose(2, 0, 1)[None].astype(np.float32))[0][0] for crop in crops]
    with torch.inference_mode():
        found = network((torch.from_numpy(as_images(crops, card.input_size)) - mean) / std).features.numpy()
    np.testing.assert_allclose(found[:, :256], expected, atol=1e-4)
    assert not found[:, 256:].any()


@needs_teachers
def test_another_network_is_refused():
    with pytest.raises(CheckpointError, match="another network"):
        load_reid_retail(build_network("osnet-attention"), TEACHERS / "person-reidentification-retail-0286.xml")


def test_files_that_are_no_network_are_refused(tmp_path):
    (tmp_path / "model.xml").write_text("<net>")
    with pytest.raises(CheckpointError, match="not OpenVINO's files"):
        load_reid_retail(build_network("osnet-attention"), tmp_path / "model.xml")
