import json

import numpy as np
import pytest
import torch

from surveil.errors import CheckpointError
from surveil.model.checkpoint import Card, save_checkpoint
from surveil.model.embed import AppearanceModel, l2_normalize
from surveil.model.network import build_network
from training import teachers
from training.datasets import PersonImages, join_sets
from training.loop import fit
from training.recipes import Distillation, Loss, Recipe, Schedule
from training.run import StartWeights
from training.teachers import ask_teachers


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    ids = np.repeat(np.arange(5), 4)
    targets = np.full((20, 32), np.nan, np.float32)
    return PersonImages(rng.integers(0, 256, (20, 64, 32, 3), dtype=np.uint8), ids, ids % 2, targets)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    torch.manual_seed(0)
    weights = tmp_path_factory.mktemp("teacher") / "teacher.safetensors"
    save_checkpoint(weights, build_network("resnet18"), Card("t", "resnet18", (64, 32)))
    return weights


def test_a_lesson_is_the_mean_of_a_picture_and_its_mirror_image(people, teacher, tmp_path):
    lessons = ask_teachers([teacher], people, tmp_path, "people", report=lambda _: None)
    model = AppearanceModel.load(teacher)
    features, attributes = model.parts(list(people.images))
    mirrored, told = model.parts([np.ascontiguousarray(image[:, ::-1]) for image in people.images])
    expected = l2_normalize(l2_normalize(features) + l2_normalize(mirrored))
    np.testing.assert_allclose(lessons.embeddings @ lessons.embeddings.T, expected @ expected.T, atol=2e-3)
    np.testing.assert_allclose(lessons.attributes, (attributes + told) / 2, atol=2e-3)


def test_two_teachers_similarity_is_the_mean_of_both(people, teacher, tmp_path, monkeypatch):
    alone = ask_teachers([teacher], people, tmp_path, "people", report=lambda _: None)
    rng = np.random.default_rng(1)
    other = l2_normalize(rng.normal(size=(20, 8)).astype(np.float32))
    real = teachers._answers
    monkeypatch.setattr(
        teachers, "_answers", lambda path, *a: np.stack([other, other]) if path.suffix == ".onnx" else real(path, *a)
    )
    both = ask_teachers([teacher, teacher.with_suffix(".onnx")], people, tmp_path, "people", report=lambda _: None)
    expected = (alone.embeddings @ alone.embeddings.T + other @ other.T) / 2
    np.testing.assert_allclose(both.embeddings @ both.embeddings.T, expected, atol=1e-5)


def test_nobody_who_tells_attributes_is_said(people, teacher, tmp_path, monkeypatch):
    monkeypatch.setattr(teachers, "_answers", lambda *_: np.ones((2, 20, 8), np.float32))
    with pytest.raises(CheckpointError, match="tells no attributes"):
        ask_teachers([teacher.with_suffix(".onnx")], people, tmp_path, "people", report=lambda _: None)


def test_killed_teachers_go_on_where_they_were(people, teacher, tmp_path, monkeypatch):
    whole = ask_teachers([teacher], people, tmp_path / "whole", "people", report=lambda _: None)
    monkeypatch.setattr(teachers, "BLOCK", 8)

    def die(line):
        if "16 of 20" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask_teachers([teacher], people, tmp_path / "killed", "people", report=die)
    lines = []
    resumed = ask_teachers([teacher], people, tmp_path / "killed", "people", report=lines.append)
    assert len(lines) == 1
    np.testing.assert_allclose(resumed.embeddings, whole.embeddings, atol=1e-3)


def test_lessons_go_with_their_pictures(people, teacher, tmp_path):
    lessons = ask_teachers([teacher], people, tmp_path, "people", report=lambda _: None)
    taught = PersonImages(people.images, people.ids, people.cameras, people.targets, lessons)
    some = taught.of(people.ids == 2)
    np.testing.assert_array_equal(some.lessons.embeddings, lessons.embeddings[people.ids == 2])
    assert len(join_sets([some, taught]).lessons.attributes) == 24
    assert join_sets([some, people]).lessons is None


def test_a_student_comes_closer_to_its_teacher(people, teacher, tmp_path):
    lessons = ask_teachers([teacher], people, tmp_path / "lessons", "people", report=lambda _: None)
    taught = PersonImages(people.images, people.ids, people.cameras, people.targets, lessons)
    recipe = Recipe(
        "tiny",
        "resnet18",
        input_size=(64, 32),
        schedule=Schedule(steps=12, identities=4, images=2, warmup_steps=1, learning_rate=1e-3),
        loss=Loss(0, identity=0, triplet=0),
        distillation=Distillation(features=1.0, similarities=1.0, logits=1.0),
    )
    run = tmp_path / "run"
    fit(recipe, [(taught, 4)], run, StartWeights(teachers=(teacher,)), device="cpu", report=lambda _: None)
    lost = [json.loads(line)["distil_features"] for line in (run / "log.jsonl").read_text().splitlines()]
    assert lost[-1] < 0.8  # 1 at first: a cosine of 0
    assert json.loads((run / "recipe.json").read_text())["teachers"][0]["name"] == "teacher"
