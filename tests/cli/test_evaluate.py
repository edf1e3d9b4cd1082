import html
import json
import re
import shlex
from dataclasses import replace

import cv2
import onnx
import pytest
import torch
from click.testing import CliRunner
from onnx import TensorProto, helper

from surveil.cli import surveil
from surveil.errors import DatasetError, SurveilError
from surveil.model.checkpoint import Card, load_checkpoint, save_checkpoint
from surveil.model.network import build_network


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("model") / "random.safetensors"
    save_checkpoint(path, build_network("resnet34-attention"), Card("random", "resnet34-attention", (64, 32)))
    return path


def evaluate(*arguments):
    return CliRunner().invoke(surveil, ["evaluate", "market1501", *map(str, arguments), "--device", "cpu"])


def test_json(market1501, checkpoint):
    result = evaluate(market1501, "--model", checkpoint, "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["protocol"] == "official"
    assert figures["model"] == "random"
    assert {key: figures["reid"][key] for key in ("mAP", "rank1", "rank5", "rank10", "queries", "gallery")} == {
        "mAP": 1,
        "rank1": 1,
        "rank5": 1,
        "rank10": 1,
        "queries": 4,
        "gallery": 14,
    }
    assert figures["attributes"]["images"] == 12
    assert figures["attributes"]["each"]["gender"]["constant"]["accuracy"] == 1


def write_peer(path):
    """A network whose vector holds the colours of a picture shrunk to 8 by 4."""
    given = helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["N", 3, 16, 8])
    made = helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["N", 96])
    nodes = [
        helper.make_node("AveragePool", ["pictures"], ["small"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["small"], ["vector"]),
    ]
    graph = helper.make_graph(nodes, "colours", [given], [made])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


PICTURES = {"attributes.png", "cmc.png", "precision-recall.png", "queries.png", "reliability.png", "similarity.png"}


def test_tables(market1501, checkpoint):
    result = evaluate(market1501, "--model", checkpoint)
    assert result.exit_code == 0, result.output
    assert re.search(r"^joined 544 +100\.0 +100\.0", result.stdout, re.MULTILINE)
    assert re.search(r"^pairwise precision +\d", result.stdout, re.MULTILINE)
    assert re.search(r"^attribute probabilities +\d", result.stdout, re.MULTILINE)
    assert "upper colour" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 120


def test_the_folder_of_results(market1501, checkpoint, tmp_path):
    out = tmp_path / "results" / "to day"
    result = evaluate(market1501, "--model", checkpoint, "--json", "--out", out)
    assert result.exit_code == 0, result.output
    assert {file.name for file in out.iterdir()} == {"index.html", "market1501.json", *PICTURES}
    assert json.loads((out / "market1501.json").read_text()) == json.loads(result.stdout)
    for picture in PICTURES:
        assert cv2.imread(str(out / picture)).shape[2] == 3
    page = (out / "index.html").read_text()
    assert set(re.findall(r'src="([^"]+)"', page)) == PICTURES
    assert "Re-identification, single query, official protocol" in page
    command = shlex.split(html.unescape(re.findall(r"<pre>(surveil .*)</pre>", page)[0]))
    (out / "market1501.json").unlink()
    assert CliRunner().invoke(surveil, command[1:]).exit_code == 0, "the command can be given again as it is shown"
    assert json.loads((out / "market1501.json").read_text()) == json.loads(result.stdout)


def test_mirror_images_and_re_ranking_are_rows_of_their_own(market1501, checkpoint):
    gallery = market1501 / "Market-1501-v15.09.15" / "bounding_box_test"
    for picture in sorted(gallery.glob("000?_c2*")):
        (gallery / picture.name.replace("_c2", "_c4")).write_bytes(picture.read_bytes())
    plain = json.loads(evaluate(market1501, "--model", checkpoint, "--json").stdout)["reid"]
    result = evaluate(market1501, "--model", checkpoint, "--json", "--rerank", "--flip")
    assert result.exit_code == 0, result.output
    reid = json.loads(result.stdout)["reid"]
    more = set(reid["parts"]) - set(plain["parts"])
    assert more == {"joined 544, with mirror images", "joined 544, re-ranked"}
    assert all(reid["parts"][name]["rank1"] == 1 for name in more)
    assert {key: plain[key] for key in ("mAP", "rank1")} == {key: reid[key] for key in ("mAP", "rank1")}


def test_options_of_the_other_protocol_are_a_wrong_call(market1501, checkpoint):
    result = evaluate(market1501, "--model", checkpoint, "--protocol", "report", "--flip")
    assert result.exit_code == 2
    assert "belong to the official protocol" in result.stderr


def test_ours_and_a_peer_side_by_side(market1501, checkpoint, tmp_path):
    peer = write_peer(tmp_path / "mean-colour.onnx")
    out = tmp_path / "out"
    chosen = ("--model", checkpoint, "--model", peer)
    result = evaluate(market1501, *chosen, "--speed", "--json", "--out", out)
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert [each["model"] for each in figures["models"]] == ["random", "mean-colour"]
    assert {key: figures[key] for key in figures if key not in ("models", "speed")} == figures["models"][0]
    assert figures["models"][1]["reid"]["rank1"] == 1
    assert [each["model"] for each in figures["speed"]] == ["random", "mean-colour"]
    assert {file.name for file in out.iterdir()} == {"index.html", "market1501.json", *PICTURES}
    [command] = re.findall(r"<pre>(surveil .*)</pre>", (out / "index.html").read_text())
    given = shlex.split(html.unescape(command))
    assert [given[i + 1] for i, word in enumerate(given) if word == "--model"] == [str(checkpoint), str(peer)]
    assert "--speed" in given
    table = evaluate(market1501, *chosen).stdout
    assert re.search(r"^random +joined 544 +(PyTorch|OpenVINO) +64x32 +100\.0", table, re.MULTILINE)
    assert re.search(r"^mean-colour +cosine +ONNX Runtime +16x8 +100\.0", table, re.MULTILINE)
    assert "upper colour" in table, "ours in full too"


def test_two_of_ours_have_headings_and_pictures_of_their_own(market1501, checkpoint, tmp_path):
    other = tmp_path / "other.safetensors"
    network, card = load_checkpoint(checkpoint)
    save_checkpoint(other, network, replace(card, name="other"))
    result = evaluate(market1501, "--model", checkpoint, "--model", other, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    pictures = {f"{name}-{picture}" for name in ("random", "other") for picture in PICTURES}
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"index.html", "market1501.json", *pictures}
    page = (tmp_path / "out" / "index.html").read_text()
    assert "random: Re-identification" in page
    assert "other: Attributes" in page


def test_models_of_one_name_are_told_apart_by_nobody(market1501, checkpoint):
    result = evaluate(market1501, "--model", checkpoint, "--model", checkpoint)
    assert result.exit_code == 1
    assert "two models are called random" in str(result.exception)


@pytest.mark.parametrize("more", [("--model", "other.onnx"), ("--model", "resnet34-attention"), ("--speed",)])
def test_the_papers_protocol_takes_one_model_of_ours(market1501, checkpoint, more):
    result = evaluate(market1501, "--model", checkpoint, "--protocol", "paper", *more)
    assert result.exit_code == 2
    assert "protocol" in result.stderr


def test_paper_and_report_are_one_protocol(market1501, checkpoint):
    outputs = [
        evaluate(market1501, "--model", checkpoint, "--protocol", p, "--json").stdout for p in ("paper", "report")
    ]
    assert outputs[0] == outputs[1]
    assert json.loads(outputs[0])["protocol"] == "report"


def test_the_reports_protocol(market1501, checkpoint, tmp_path):
    result = evaluate(market1501, "--model", checkpoint, "--protocol", "report", "--json", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["protocol"] == "report"
    assert set(figures["reid"]["parts"]) == {"train", "test"}, "the card does not tell who was held out"
    assert figures["reid"]["mAP"] == figures["reid"]["parts"]["train"][-1]["mean_average_precision"] == 1
    page = (tmp_path / "out" / "index.html").read_text()
    assert "test, average linkage, joined 544" in page
    assert "does not tell which identities were held out" in page
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"index.html", "market1501.json"}


def test_without_annotations_it_says_so(market1501, checkpoint):
    (market1501 / "market_attribute.mat").unlink()
    result = evaluate(market1501, "--model", checkpoint, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["attributes"] is None
    assert "attributes were not measured" in result.stderr


def test_a_wrong_folder_is_the_users_error(tmp_path, checkpoint):
    result = evaluate(tmp_path, "--model", checkpoint)
    assert result.exit_code == 1
    assert isinstance(result.exception, DatasetError)
    assert "expected query/ here" in str(result.exception)


def test_a_dataset_that_cannot_be_used_leaves_no_folder_behind(tmp_path, checkpoint):
    (tmp_path / "empty").mkdir()
    result = evaluate(tmp_path / "empty", "--model", checkpoint, "--out", tmp_path / "results")
    assert result.exit_code == 1
    assert not (tmp_path / "results").exists()


def test_out_that_cannot_be_made_is_told_before_the_work(market1501, checkpoint, tmp_path):
    (tmp_path / "file").write_text("")
    result = evaluate(market1501, "--model", checkpoint, "--out", tmp_path / "file" / "results")
    assert result.exit_code == 1
    assert "cannot be written" in str(result.exception)
    assert "done" not in result.stderr


def test_a_page_that_cannot_be_replaced_keeps_older_results(market1501, checkpoint, tmp_path):
    (tmp_path / "out" / "index.html").mkdir(parents=True)
    (tmp_path / "out" / "market1501.json").write_text("old")
    result = evaluate(market1501, "--model", checkpoint, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert isinstance(result.exception, SurveilError)
    assert (tmp_path / "out" / "market1501.json").read_text() == "old"
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"index.html", "market1501.json"}
