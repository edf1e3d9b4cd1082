"""Other people's networks: made-up graphs whose vectors are known, through both runtimes."""

import builtins
import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from surveil.errors import CheckpointError, SurveilError
from surveil.evaluation.peers import MIRRORED, PLAIN, RERANKED, Peer, evaluate_peer, is_peer
from surveil.evaluation.protocols.market1501 import ROOT

HEIGHT, WIDTH = 16, 8


def write_network(path, batch="N", height=HEIGHT, outputs=1, grid=4):
    """A network that cuts a picture into cells, and whose vector holds the mean colour of each."""
    given = helper.make_tensor_value_info("pictures", TensorProto.FLOAT, [batch, 3, height, WIDTH])
    kernel = {"kernel_shape": [HEIGHT // grid, WIDTH // grid], "strides": [HEIGHT // grid, WIDTH // grid]}
    nodes = [
        helper.make_node("AveragePool", ["pictures"], ["cells"], **kernel),
        helper.make_node("Flatten", ["cells"], ["vector"]),
    ]
    shape = [batch, 3 * grid * grid]
    results = [helper.make_tensor_value_info("vector", TensorProto.FLOAT, shape)]
    if outputs == 2:
        nodes.append(helper.make_node("Neg", ["vector"], ["other"]))
        results.append(helper.make_tensor_value_info("other", TensorProto.FLOAT, shape))
    graph = helper.make_graph(nodes, "cells", [given], results)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
    return path


def as_openvino(path):
    import openvino

    target = path.with_suffix(".xml")
    openvino.save_model(openvino.Core().read_model(path), target, compress_to_fp16=False)
    return target


@pytest.fixture(params=["onnx", "onnx of one picture", "openvino"])
def network(request, tmp_path):
    path = write_network(tmp_path / "cells.onnx", batch=1 if request.param != "onnx" else "N")
    return as_openvino(path) if request.param == "openvino" else path


@pytest.fixture
def crops():
    return list(np.random.default_rng(0).integers(0, 256, (41, HEIGHT, WIDTH, 3), np.uint8))


def cells(pictures):
    """(N, 48) what the network makes of (N, 16, 8, 3) pictures in the order of channels that they have."""
    means = pictures.astype(np.float64).reshape(-1, 4, 4, 4, 2, 3).mean(axis=(2, 4))
    return means.transpose(0, 3, 1, 2).reshape(len(pictures), -1)


def test_vectors_are_the_networks_whatever_runs_it(network, crops):
    peer = Peer.load(network, "bgr255", threads=1)
    assert (peer.name, peer.input_size, len(peer.sha256)) == ("cells", (HEIGHT, WIDTH), 64)
    # OpenVINO reckons in bfloat16 where the processor has it.
    np.testing.assert_allclose(peer.vectors(crops), cells(np.stack(crops)), rtol=1e-2)
    assert peer.vectors(crops[:1]).shape == (1, 48)


@pytest.mark.parametrize(
    ("pictures", "expected"),
    [
        ("rgb1", lambda rgb: rgb / 255),
        ("rgb-imagenet", lambda rgb: (rgb / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)),
    ],
)
def test_pictures_are_prepared_as_told(tmp_path, crops, pictures, expected):
    peer = Peer.load(write_network(tmp_path / "cells.onnx"), pictures)
    rgb = np.stack(crops)[..., ::-1].astype(np.float64)
    np.testing.assert_allclose(peer.vectors(crops), cells(expected(rgb)), atol=1e-5)


def test_crops_are_brought_to_the_size_that_the_graph_asks_for(network):
    grey = np.full((128, 64, 3), 90, np.uint8)
    np.testing.assert_allclose(Peer.load(network, "bgr255").vectors([grey]), np.full((1, 48), 90), rtol=1e-2)


def test_a_peer_finds_who_looks_alike(market1501, network):
    calls = []
    result = evaluate_peer(market1501, Peer.load(network, "bgr255"), lambda *call: calls.append(call), mirrored=True)
    assert calls == [("query", 4, 4), ("gallery", 14, 14)], "without junk"
    assert list(result.reid) == [PLAIN, MIRRORED]
    for reid in result.reid.values():
        assert (reid.mean_average_precision, reid.rank(1), reid.queries, reid.gallery) == (1, 1, 4, 14)
    summary = json.loads(json.dumps(result.summary()))
    assert (summary["model"], summary["dimensions"], summary["attributes"]) == ("cells", 48, None)
    assert summary["reid"]["mAP"] == summary["reid"]["parts"][PLAIN]["mAP"] == 1


def test_a_disguise_is_noticed(market1501, tmp_path):
    gallery = market1501 / ROOT / "bounding_box_test"
    one, other = gallery / "0001_c2s2_000102_01.jpg", gallery / "0002_c2s2_000102_01.jpg"
    contents = one.read_bytes(), other.read_bytes()
    one.write_bytes(contents[1])
    other.write_bytes(contents[0])
    result = evaluate_peer(market1501, Peer.load(write_network(tmp_path / "cells.onnx"), "bgr255"))
    assert (result.reid[PLAIN].average_precision[:2] < 1).all()
    assert (result.reid[PLAIN].average_precision[2:] == 1).all()


def test_a_peer_is_re_ranked_when_asked_for(market1501, tmp_path):
    gallery = market1501 / ROOT / "bounding_box_test"
    for picture in sorted(gallery.glob("000?_c2*")):
        (gallery / picture.name.replace("_c2", "_c4")).write_bytes(picture.read_bytes())
    peer = Peer.load(write_network(tmp_path / "cells.onnx"), "bgr255")
    assert evaluate_peer(market1501, peer, reranked=True).reid[RERANKED].rank(1) == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"height": "H"},
            r"expected an input of \(N, 3, height, width\), height and width fixed; found \(N, 3, H, 8\)",
        ),
        ({"outputs": 2}, "expected one output, found 2: vector, other"),
    ],
)
def test_other_graphs_are_refused(tmp_path, changes, told):
    with pytest.raises(CheckpointError, match=told):
        Peer.load(write_network(tmp_path / "cells.onnx", **changes), "bgr255")


def test_maps_are_no_vectors(tmp_path, crops):
    path = write_network(tmp_path / "maps.onnx")
    model = onnx.load(path)
    del model.graph.node[1]
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("cells", TensorProto.FLOAT, ["N", 3, 4, 4]))
    onnx.save(model, path)
    with pytest.raises(CheckpointError, match="expected one vector per crop"):
        Peer.load(path, "bgr255").vectors(crops)


@pytest.mark.parametrize("name", ["broken.onnx", "broken.xml"])
def test_files_that_are_no_networks(tmp_path, name):
    (tmp_path / name).write_bytes(b"no network")
    (tmp_path / "broken.bin").write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"not an (ONNX|OpenVINO) network"):
        Peer.load(tmp_path / name, "bgr255")


@pytest.mark.parametrize("name", ["missing.onnx", "missing.xml"])
def test_files_that_are_not_there(tmp_path, name):
    with pytest.raises(CheckpointError, match="cannot be read"):
        Peer.load(tmp_path / name, "bgr255")


@pytest.mark.parametrize(
    ("suffix", "package", "extra"), [(".onnx", "onnxruntime", "onnx"), (".xml", "openvino", "openvino")]
)
def test_a_runtime_that_is_not_installed_is_named(tmp_path, monkeypatch, suffix, package, extra):
    path = write_network(tmp_path / "cells.onnx")
    path = path if suffix == ".onnx" else as_openvino(path)
    real = builtins.__import__

    def without(name, *arguments, **keywords):
        if name == package:
            raise ImportError(f"No module named {package!r}")
        return real(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SurveilError, match=rf"not installed .* pip install 'surveil\[{extra}\]'"):
        Peer.load(path, "bgr255")


def test_what_is_a_peer():
    assert [is_peer(name) for name in ("a/b.onnx", "c.xml", "d.safetensors", "resnet34-attention", None)] == [
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "mean_average_precision", "rank1"), [("0277", 0.962, 0.998), ("0286", 0.942, 0.991)]
)
def test_intels_networks_on_the_published_sample(shared_data, number, mean_average_precision, rank1):
    network = shared_data / "teachers" / f"person-reidentification-retail-{number}.xml"
    reid = evaluate_peer(shared_data / "market1501" / "test_sample.zip", Peer.load(network, "bgr255")).reid[PLAIN]
    assert reid.mean_average_precision == pytest.approx(mean_average_precision, abs=0.002)
    assert reid.rank(1) == pytest.approx(rank1, abs=0.004)
