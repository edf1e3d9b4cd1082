import os
import subprocess
from pathlib import Path

import pytest

from training.recipes import load_recipe

ROOT = Path(__file__).parents[2]
STAGES = [
    "osnet_attention_whole",
    "resnet34_attention_taught_256",
    "alexnet",
    "resnet18",
    "resnet34",
    "resnet50",
    "densenet121",
    "resnet34_attention",
]
# Stands in for python: writes down how it was called; a fit has as many calls to live as there are lines in the file
# `patience`, and export writes the checkpoint.
STUB = """#!/bin/sh
echo "$@" >>calls
case "$3" in
fit)
    if [ -s patience ]; then sed -i 1d patience; exit 3; fi ;;
export)
    while [ "$1" != --out ]; do shift; done
    touch "$2" ;;
esac
"""


@pytest.fixture
def train(tmp_path):
    stub = tmp_path / "python"
    stub.write_text(STUB)
    stub.chmod(0o755)

    def run(**environment):
        command = ["sh", str(ROOT / "tools" / "train_gpu.sh"), "market", "cuhk03", str(tmp_path / "out")]
        env = {**os.environ, "PYTHON": str(stub), **environment}
        ended = subprocess.run(command, cwd=tmp_path, env=env, timeout=60, capture_output=True, text=True, check=False)
        calls = tmp_path / "calls"
        lines = calls.read_text().splitlines() if calls.exists() else []
        calls.unlink(missing_ok=True)
        return ended.returncode, lines

    return run


def test_stages_follow_one_another_and_those_that_are_done_are_not_done_again(train, tmp_path):
    (tmp_path / "patience").write_text("x\n")
    code, calls = train()
    assert code == 3, "a run that is out of time asks to be called again"
    assert len(calls) == 1
    code, calls = train()
    assert code == 0
    assert [Path(call.split()[3]).stem for call in calls if " fit " in call] == STAGES
    assert [Path(call.split()[3]).name for call in calls if " export " in call] == STAGES
    taught = next(call for call in calls if "fit" in call and "taught_256.toml" in call)
    assert f"--teacher {tmp_path}/out/osnet_attention_whole.safetensors" in taught
    assert load_recipe(tmp_path / "out" / "resnet18.toml").schedule.steps == 3200
    assert train() == (0, [])


def test_no_stage_begins_after_the_end(train):
    assert train(MINUTES="0") == (3, [])


def test_imagenet_weights_are_given_where_they_lie(train, tmp_path):
    folder = tmp_path / "imagenet"
    folder.mkdir()
    (folder / "resnet34.pth").touch()
    _, calls = train(IMAGENET=str(folder), STEPS="2")
    given = [Path(call.split()[3]).stem for call in calls if "--backbone-weights" in call]
    assert given == ["resnet34", "resnet34_attention"]
    recipes = {name: load_recipe(tmp_path / "out" / f"{name}.toml") for name in STAGES}
    assert {recipe.schedule.steps for recipe in recipes.values()} == {2}
    assert [name for name, recipe in recipes.items() if recipe.pretrained] == given
    assert recipes["resnet18"].schedule.backbone_rate == 1, "what begins with random weights learns at the full rate"
    assert recipes["resnet34"].schedule.backbone_rate < 1
    whole = load_recipe(ROOT / "configs" / "training" / "osnet_attention_whole.toml")
    assert recipes["osnet_attention_whole"].schedule.backbone_rate == whole.schedule.backbone_rate
