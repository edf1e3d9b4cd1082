import json
import shutil
import sys

import numpy as np
import pytest
import torch

from surveil.attributes import AGE
from surveil.evaluation.protocols.market1501 import ROOT
from training import loop
from training.__main__ import main

RECIPE = """
name = "tiny"
architecture = "resnet18"
input_size = [64, 32]
seed = 3
[data]
validation_share = 0.0
cuhk03_identities = {cuhk03}
[schedule]
steps = {steps}
identities = {identities}
images = 2
warmup_steps = 1
[loss]
attributes = 1.0
identity = 1.0
"""


@pytest.fixture
def training(monkeypatch, capsys):
    """Runs `python -m training ...`; gives the exit code and what was printed on both streams."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["training", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out + printed.err

    return run


@pytest.fixture
def recipe(tmp_path):
    def write(steps=2, identities=2, cuhk03=0):
        path = tmp_path / "tiny.toml"
        path.write_text(RECIPE.format(steps=steps, identities=identities, cuhk03=cuhk03))
        return path

    return write


@pytest.fixture
def fit(training, recipe, tmp_path):
    """Runs `python -m training fit` with the tiny recipe."""

    def run(data, *more, **changes):
        out = tmp_path / "run"
        return training("fit", recipe(**changes), "--data", data, "--out", out, "--device", "cpu", *more)

    return run


def test_a_run_from_the_command_line_leaves_recipe_log_and_state(fit, market1501, tmp_path):
    code, printed = fit(market1501)
    assert code == 0, printed
    run = tmp_path / "run"
    about = json.loads((run / "recipe.json").read_text())
    assert (about["name"], about["seed"], about["data"]["split_seed"]) == ("tiny", 3, 0)
    assert json.loads((run / "log.jsonl").read_text().splitlines()[-1])["step"] == 2
    assert torch.load(run / "state.pt", weights_only=True)["step"] == 2
    code, printed = fit(market1501, steps=3)
    assert code == 0
    assert "going on at step 2" in printed


def test_the_attributes_are_those_of_the_identity(fit, market1501, annotate_market1501, monkeypatch):
    annotate_market1501(market1501, train={7: {"age": 2}, 8: {"age": 4}}, test={})
    seen = {}
    real = loop.attribute_loss

    def watch(logits, targets, shares):
        seen["ages"] = targets[:, AGE]
        return real(logits, targets, shares)

    monkeypatch.setattr(loop, "attribute_loss", watch)
    assert fit(market1501, steps=1)[0] == 0
    assert seen["ages"].sum(0).tolist() == [0, 2, 0, 2]


def crops(folder):
    return folder / ROOT / "bounding_box_train"


def no_train_folder(folder, annotate):
    shutil.move(crops(folder), folder / ROOT / "train")


def another_dataset(folder, annotate):
    shutil.rmtree(folder / ROOT)


def no_crops(folder, annotate):
    for path in crops(folder).iterdir():
        path.unlink()


def another_name(folder, annotate):
    (crops(folder) / "0007_00.jpg").write_bytes(b"")


def a_broken_picture(folder, annotate):
    (crops(folder) / "0007_c1s1_000001_00.jpg").write_bytes(b"not a picture")


def no_annotations(folder, annotate):
    (folder / "market_attribute.mat").unlink()


def annotations_of_something_else(folder, annotate):
    (folder / "market_attribute.mat").write_bytes(b"MATLAB?")


def annotations_of_the_test_part_only(folder, annotate):
    annotate(folder, test={7: {}, 8: {}})


def an_identity_without_annotations(folder, annotate):
    annotate(folder, train={7: {}, 9: {}}, test={})


def a_wrong_code(folder, annotate):
    annotate(folder, train={7: {"hat": 3}, 8: {}}, test={})


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (no_train_folder, "expected bounding_box_train/ here"),
        (another_dataset, "expected bounding_box_train/ here"),
        (no_crops, "expected crops (.jpg), found none"),
        (another_name, "expected crop names such as 0002_c1s1_000451_03.jpg, found 0007_00.jpg"),
        (a_broken_picture, "0007_c1s1_000001_00.jpg: not a readable picture"),
        (no_annotations, "there is no market_attribute.mat"),
        (annotations_of_something_else, "expected a MATLAB file with market_attribute.train"),
        (annotations_of_the_test_part_only, "expected a MATLAB file with market_attribute.train"),
        (an_identity_without_annotations, "expected attributes of all 2 identities, 1 have none: 8"),
        (a_wrong_code, "hat: expected codes from 1 to 2, found [1, 3]"),
    ],
)
def test_what_is_wrong_with_market1501_is_told(damage, told, fit, market1501, annotate_market1501, tmp_path):
    damage(market1501, annotate_market1501)
    code, printed = fit(market1501)
    assert code == 1
    assert printed.startswith("Error: ")
    assert told in printed
    assert not (tmp_path / "run").exists()


def test_identities_that_are_asked_for_must_be_given(fit, market1501):
    code, printed = fit(market1501, cuhk03=1)
    assert code == 1
    assert "takes 1 identities per batch from --cuhk03, which was not given" in printed


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("0001_c1_00.jpg", b"", "no crops named NNNN_KK.jpg"),
        ("0001_00.jpg", b"not a picture", "0001_00.jpg: not a readable picture"),
    ],
)
def test_what_is_wrong_with_cuhk03_is_told(name, content, told, fit, market1501, tmp_path):
    folder = tmp_path / "cuhk03"
    folder.mkdir()
    (folder / name).write_bytes(content)
    code, printed = fit(market1501, "--cuhk03", folder, cuhk03=1)
    assert code == 1
    assert told in printed


def test_a_file_that_is_no_zip_is_told(fit, market1501, tmp_path):
    path = tmp_path / "detected.zip"
    path.write_bytes(b"half a download")
    code, printed = fit(market1501, "--cuhk03", path, cuhk03=1)
    assert code == 1
    assert "detected.zip: not a readable zip" in printed


def test_people_of_cuhk03_join_the_batches(fit, market1501, tmp_path):
    import cv2

    folder = tmp_path / "cuhk03"
    folder.mkdir()
    for name in ("0007_00", "0007_05", "0008_00"):
        cv2.imwrite(str(folder / f"{name}.jpg"), np.zeros((64, 32, 3), np.uint8))
    code, printed = fit(market1501, "--cuhk03", folder, cuhk03=1, identities=3)
    assert code == 0, printed
    state = torch.load(tmp_path / "run" / "state.pt", weights_only=True)
    assert len(state["classifier"]["weight"]) == 4  # whoever has the same number in both sets is two people


@pytest.mark.parametrize(
    ("identities", "told"), [(3, "a batch takes 3 identities of the 2"), (0, "takes 0 identities")]
)
def test_a_batch_takes_no_more_people_than_there_are(identities, told, fit, market1501):
    code, printed = fit(market1501, identities=identities)
    assert code == 1
    assert told in printed


def test_a_recipe_that_goes_astray_is_told(fit, market1501, monkeypatch):
    monkeypatch.setattr(loop, "attribute_loss", lambda logits, targets, shares: logits.sum() * float("nan"))
    code, printed = fit(market1501)
    assert code == 1
    assert "lower the learning rate" in printed
