"""The person detector on real pictures, and what it refuses."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from ultralytics.models.yolo.detect import DetectionPredictor
from ultralytics.nn.tasks import ClassificationModel, DetectionModel
from ultralytics.utils import ASSETS

from surveil.boxes import box_iou
from surveil.device import fast_dtype
from surveil.errors import CheckpointError
from surveil.evaluation.metrics.detection import score
from surveil.people.checkpoint import SHIPPED, load_detector
from surveil.people.detect import PersonDetector
from tests.needs import needs_openvino

CPU = "cpu"
IN_FULL = fast_dtype(torch.device(CPU)) == torch.float32
"""Whether networks run in float32 here. In bfloat16 another of several boxes around one person may be the best."""


@pytest.fixture(scope="module")
def detector():
    return PersonDetector.load(device=CPU, image_size=640, min_score=0.25)


@pytest.fixture(scope="module")
def street():
    """A photograph of a street with four people, which comes with ultralytics."""
    return cv2.resize(cv2.imread(str(ASSETS / "bus.jpg")), (480, 640))


@pytest.fixture
def copied(tmp_path):
    """The shipped weights with their card, to be damaged."""
    for path in (SHIPPED, SHIPPED.with_suffix(".json")):
        shutil.copy(path, tmp_path / path.name)
    return tmp_path / SHIPPED.name


def pickled(path, names, architecture="yolov8n.yaml", likeliest=0):
    """Weights of an untrained network that sees its class number `likeliest` everywhere."""
    network = DetectionModel(architecture, nc=len(names), verbose=False)
    network.names = dict(enumerate(names))
    for branch in network.model[-1].cv3, getattr(network.model[-1], "one2one_cv3", []):
        for layers in branch:
            layers[-1].bias.data[likeliest] = 1.0
    torch.save({"model": network.half(), "ema": None}, path)
    return path


def load(weights, **options):
    return PersonDetector.load(weights, device=CPU, image_size=320, **({"min_score": 0.25} | options))


def test_people_in_a_photograph_are_found(detector, street):
    there = np.array([[29, 235, 147, 535], [132, 240, 205, 510], [398, 230, 480, 520], [0, 325, 38, 515]], np.float32)
    [found] = detector.detect([street])
    result = score(found, there)
    assert result.matched >= 3
    assert result.false <= 1


@pytest.mark.parametrize("runtime", ["torch", pytest.param("openvino", marks=needs_openvino)])
def test_the_boxes_are_those_of_ultralytics_own_predictor(street, runtime, tmp_path, monkeypatch):
    """It scales, predicts and suppresses by itself, in float32."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    detector = PersonDetector.load(device=CPU, image_size=640, min_score=0.25, runtime=runtime)
    assert detector.runtime.name == runtime
    network, _ = load_detector(SHIPPED)
    network.args = {"task": "detect"}
    options = {"imgsz": 640, "rect": True, "conf": 0.25, "iou": 0.5, "device": "cpu", "verbose": False}
    predictor = DetectionPredictor(overrides=options)
    predictor.setup_model(network, verbose=False)
    for image in (street, street[200:560], street[:, 100:], cv2.resize(street, (960, 540))):
        [theirs] = predictor(image)
        [ours] = detector.detect([image])
        expected, scores = theirs.boxes.xyxy.numpy(), theirs.boxes.conf.numpy()
        overlaps = box_iou(ours.boxes, expected)
        close = 1e-4 if IN_FULL else 0.03
        mine, other = ours.scores >= 0.25 + close, scores >= 0.25 + close  # the rest one of both may leave out
        assert mine.sum() > 0
        assert overlaps[mine].max(axis=1).min() > 0.9
        assert overlaps[:, other].max(axis=0).min() > 0.9
        same = overlaps[mine].argmax(axis=1)
        np.testing.assert_allclose(ours.scores[mine], scores[same], atol=close)
        if IN_FULL:
            np.testing.assert_allclose(ours.boxes[mine], expected[same], atol=0.02)


@needs_openvino
def test_the_first_start_which_converts_the_network_finds_what_later_ones_find(street, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first, later = (
        PersonDetector.load(device=CPU, image_size=640, min_score=0.01, runtime="openvino").detect([street])[0]
        for _ in range(2)
    )
    np.testing.assert_array_equal(first.boxes, later.boxes)
    np.testing.assert_array_equal(first.scores, later.scores)


def test_boxes_are_finer_than_the_precision_of_the_processor(street):
    """As positions in the picture, bfloat16 would give multiples of 2 from 256 pixels on, and of 4 from 512 on."""
    large = cv2.resize(street, (720, 960))
    detector = PersonDetector.load(device=CPU, image_size=960, min_score=0.25)
    boxes = np.concatenate([found.boxes for found in detector.detect([large, cv2.flip(large, 1)])])
    beyond = boxes[(boxes > 256) & (boxes < 720)]
    assert len(beyond) > 3
    assert (beyond % 2 != 0).mean() > 0.5


def test_on_a_card_the_network_computes_in_half_precision_and_finds_the_same(street, monkeypatch):
    monkeypatch.setattr("surveil.device.fast_dtype", lambda device: torch.float16)  # what it says of a card
    detector = PersonDetector.load(device=CPU, image_size=640, min_score=0.25, runtime="torch")
    seen = set()
    for layer in detector.runtime._network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(lambda layer, inputs, output: seen.add(output.dtype))
    [half] = detector.detect([street])
    assert seen == {torch.float16}
    monkeypatch.setattr("surveil.device.fast_dtype", lambda device: torch.float32)
    [full] = detector.detect([street])
    assert len(half) == len(full) >= 3
    assert box_iou(half.boxes, full.boxes).max(axis=1).min() > 0.95


def test_nobody_in_a_blank_picture_and_nothing_in_no_picture(detector):
    assert detector.detect([]) == []
    for shade in (0, 128, 255):
        [found] = detector.detect([np.full((360, 640, 3), shade, np.uint8)])
        assert len(found) == 0
        assert found.boxes.shape == (0, 4)
        assert found.boxes.dtype == found.scores.dtype == np.float32


@pytest.mark.parametrize("size", [(2, 8192), (8192, 2), (1, 1), (1, 100_000)])
def test_nobody_in_a_picture_of_which_no_line_is_left(detector, street, size):
    found = detector.detect([np.zeros((*size, 3), np.uint8), street])
    assert len(found[0].boxes) == 0
    assert len(found[1].boxes) > 0


def test_a_batch_of_several_sizes_is_what_one_by_one_gives(detector, street):
    images = [
        street,
        street[200:560],
        cv2.resize(street, None, fx=0.6, fy=0.6),
        np.zeros((50, 90, 3), np.uint8),
        street,
    ]
    together = detector.detect(images)
    assert len(together[0]) > 0
    for image, found in zip(images, together, strict=True):
        [alone] = detector.detect([image])
        np.testing.assert_allclose(found.boxes, alone.boxes, atol=0.5)
        np.testing.assert_allclose(found.scores, alone.scores, atol=0.01)


@pytest.mark.parametrize("size", [(576, 720), (480, 720), (720, 576), (641, 900)])
def test_pictures_whose_sides_are_no_multiples_of_the_stride_are_looked_at(street, size):
    """720x576 is what analogue cameras give."""
    detector = PersonDetector.load(device=CPU, image_size=960, min_score=0.25)
    picture = np.full((*size, 3), 90, np.uint8)
    height, width = (min(one, other) for one, other in zip(size, street.shape[:2], strict=True))
    picture[-height:, -width:] = street[:height, :width]
    [found] = detector.detect([picture])
    assert len(found) >= 2
    assert (found.boxes[:, 2] > size[1] - width).all()


def test_boxes_are_inside_the_picture_and_best_first(detector, street):
    cut = street[40:]  # a size that is padded
    [found] = detector.detect([cut])
    height, width = cut.shape[:2]
    assert (found.boxes >= 0).all()
    assert (found.boxes[:, 2] <= width).all()
    assert (found.boxes[:, 3] <= height).all()
    assert (found.boxes[:, 2:] > found.boxes[:, :2]).all()
    assert (np.diff(found.scores) <= 0).all()


def test_a_small_picture_is_not_enlarged_for_a_detector_of_large_ones(detector, street):
    [found] = PersonDetector.load(device=CPU, image_size=960, min_score=0.25).detect([street])
    [expected] = detector.detect([street])
    np.testing.assert_allclose(found.boxes, expected.boxes, atol=0.5 if IN_FULL else 2)


def test_more_pixels_of_a_large_picture_show_smaller_people(street):
    crowd = np.tile(cv2.resize(street, (240, 320)), (3, 6, 1))  # 1440 pixels wide, 18 times four people
    few, many = (
        len(PersonDetector.load(device=CPU, image_size=size, min_score=0.25).detect([crowd])[0]) for size in (320, 960)
    )
    assert many > few


def test_the_least_score_is_kept(street):
    [found] = PersonDetector.load(device=CPU, image_size=640, min_score=0.6).detect([street])
    assert len(found) > 0
    assert found.scores.min() >= 0.6


def test_a_pickle_is_refused_unless_it_is_trusted(tmp_path):
    weights = pickled(tmp_path / "mine.pt", ["person"])
    with pytest.raises(CheckpointError, match=r"mine\.pt.*pickle.*--trust-detector"):
        load(weights)
    load(weights, trust=True)


def test_a_refused_pickle_is_not_even_opened(tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "boom"),)

    torch.save({"model": Bomb()}, tmp_path / "bomb.pt")
    with pytest.raises(CheckpointError):
        load(tmp_path / "bomb.pt")
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize("architecture", ["yolov8n.yaml", "yolo26n.yaml"])
def test_only_the_person_class_of_other_weights_counts(tmp_path, architecture):
    image = np.zeros((200, 320, 3), np.uint8)
    for names, someone in (["car", "person"], True), (["person", "car"], False):
        weights = pickled(tmp_path / "other.pt", names, architecture, likeliest=1)
        [found] = load(weights, trust=True).detect([image])
        assert (len(found) > 0) is someone


def test_weights_that_know_no_person_are_refused(tmp_path):
    weights = pickled(tmp_path / "cars.pt", ["car", "bus"])
    with pytest.raises(CheckpointError, match="none of its classes is called 'person' \\(car, bus\\)"):
        load(weights, trust=True)


def test_weights_for_another_task_and_files_that_are_no_weights_are_refused(tmp_path):
    torch.save({"model": ClassificationModel("yolov8n-cls.yaml", nc=2, verbose=False)}, tmp_path / "other.pt")
    with pytest.raises(CheckpointError, match="ClassificationModel"):
        load(tmp_path / "other.pt", trust=True)
    (tmp_path / "text.pt").write_text("not weights")
    with pytest.raises(CheckpointError, match="not ultralytics weights"):
        load(tmp_path / "text.pt", trust=True)


def test_a_name_that_is_no_file_is_not_downloaded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match=r"yolo26n\.pt: no such file.*downloads nothing.*copy them here"):
        load("yolo26n.pt", trust=True)
    assert list(tmp_path.iterdir()) == []


def test_weights_other_than_the_card_describes_are_refused(copied):
    content = bytearray(copied.read_bytes())
    content[-1] ^= 1
    copied.write_bytes(content)
    with pytest.raises(CheckpointError, match="SHA-256 differs"):
        load(copied)


def test_a_card_that_is_missing_or_damaged_is_an_error_that_names_it(copied):
    card = copied.with_suffix(".json")
    card.write_text(json.dumps({"name": "x"}))
    with pytest.raises(CheckpointError, match="no detector's card"):
        load(copied)
    card.unlink()
    with pytest.raises(CheckpointError, match=r"person_detector\.json: there is no card"):
        load(copied)


def evil_model(marker):
    """A model description that, in ultralytics, runs code: it makes a folder."""
    return {
        "nc": 1,
        "activation": f"__import__('os').mkdir({str(marker)!r})",
        "backbone": [[-1, 1, "Conv", [16, 3, 2]]],
        "head": [[[0], 1, "Detect", ["nc"]]],
    }


def evil_weights(folder, **card):
    """Weights of 16 zero bytes whose SHA-256 is the card's, as an attacker would have it."""
    weights = folder / "evil.safetensors"
    weights.write_bytes(bytes(16))
    values = json.loads(SHIPPED.with_suffix(".json").read_text())
    values |= {"sha256": hashlib.sha256(bytes(16)).hexdigest()} | card
    weights.with_suffix(".json").write_text(json.dumps(values))
    return weights


def test_a_card_that_describes_a_network_runs_no_code(tmp_path):
    weights = evil_weights(tmp_path, architecture=evil_model(tmp_path / "boom"))
    with pytest.raises(CheckpointError, match=r"evil\.json.*architecture.*is none of yolov8n, "):
        load(weights)
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize(
    "name", ["{folder}/model.yaml", "model.yaml", "yolo26n.yaml", "https://example.org/x.yaml", ""]
)
def test_a_card_that_names_a_file_runs_no_code(tmp_path, monkeypatch, name):
    (tmp_path / "model.yaml").write_text(json.dumps(evil_model(tmp_path / "boom")))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match="is none of"):
        load(evil_weights(tmp_path, architecture=name.format(folder=tmp_path)))
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize("name", ["yolov8.yaml", "yolov8s.yaml"])
def test_a_model_file_in_the_current_folder_is_not_taken_for_the_one_that_the_card_names(tmp_path, monkeypatch, name):
    (tmp_path / name).write_text(json.dumps(evil_model(tmp_path / "boom")))
    monkeypatch.chdir(tmp_path)
    load(None)
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize(
    "card",
    [{"classes": "person"}, {"classes": []}, {"classes": [1]}, {"classes": ["x"] * 10**6}, {"sha256": 1}, {"new": 1}],
)
def test_a_card_with_fields_of_another_kind_is_refused(tmp_path, card):
    with pytest.raises(CheckpointError, match=r"evil\.json: no detector's card"):
        load(evil_weights(tmp_path, **card))


def test_a_card_nested_too_deep_to_read_is_refused(tmp_path):
    weights = evil_weights(tmp_path)
    weights.with_suffix(".json").write_text("[" * 10**6)
    with pytest.raises(CheckpointError, match=r"evil\.json: not a card"):
        load(weights)


def test_the_hash_is_checked_before_a_network_is_built(tmp_path, monkeypatch):
    monkeypatch.setattr("surveil.people.network.DetectionModel", None)
    with pytest.raises(CheckpointError, match="SHA-256 differs"):
        load(evil_weights(tmp_path, sha256="0" * 64))


def test_ultralytics_itself_evaluates_nothing(tmp_path):
    with pytest.raises((TypeError, ValueError, AttributeError)):
        DetectionModel(evil_model(tmp_path / "boom"), verbose=False)
    assert not (tmp_path / "boom").exists()


def test_ultralytics_stays_offline_and_out_of_the_home_folder(tmp_path):
    script = (
        "import surveil.people.detect\n"
        "from ultralytics.utils import AUTOINSTALL, ONLINE\n"
        "from ultralytics.utils.events import events\n"
        "print(AUTOINSTALL, ONLINE, events.enabled)\n"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("YOLO_", "PYTEST"))}
    environment = kept | {"HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    result = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["False", "False", "False"]
    assert list(tmp_path.iterdir()) == []
