import html
import json
import re
import shlex

import cv2
import pytest
import torch
from click.testing import CliRunner

from surveil.cli import surveil
from surveil.errors import DatasetError, SurveilError
from surveil.model.checkpoint import Card, save_checkpoint
from surveil.model.network import build_network


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("model") / "random.safetensors"
    save_checkpoint(path, build_network("resnet34-attention"), Card("random", "resnet34-attention", (128, 64)))
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
        "mAP": 1, "rank1": 1, "rank5": 1, "rank10": 1, "queries": 4, "gallery": 14,
    }  # fmt: skip
    assert figures["attributes"]["images"] == 12
    assert figures["attributes"]["each"]["gender"]["constant"]["accuracy"] == 1


PICTURES = {
    "attributes.png", "cmc.png", "precision-recall.png", "queries.png", "reliability.png", "similarity.png",
}  # fmt: skip


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
