"""The detector's labels, its training pictures, and a few steps of fine-tuning."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from surveil.errors import CheckpointError, DatasetError
from surveil.people.detect import PersonDetector
from surveil.types import Detections
from training.detector import DetectorRecipe, evaluate_detector, fine_tune, start_network
from training.detector_data import GREY, LabelledPicture, Mosaics, load_pictures, masked
from training.detector_labels import (
    LabelledImage,
    ReferenceDetector,
    label_clip,
    merge,
    tiles,
    without_background,
    write_labels,
)


def floats(*values):
    return np.array(values, np.float32).reshape(-1, 4)


def found(*values):
    return Detections(floats(*[value[:4] for value in values]), np.array([value[4] for value in values], np.float32))


def person_picture():
    """A white figure on black, and a region to ignore."""
    image = np.zeros((120, 200, 3), np.uint8)
    image[30:90, 80:110] = 255
    return LabelledPicture(image, floats((80, 30, 110, 90)), floats((100, 20, 150, 60)))


def test_tiles_cover_the_frame_and_every_place_inside_lies_whole_in_one():
    covered = list(tiles(640, 360, (1.0, 0.6, 0.35)))
    assert covered[0] == (0, 0, 640, 360)
    assert all(0 <= left < right <= 640 and 0 <= top < bottom <= 360 for left, top, right, bottom in covered)
    small = min(right - left for left, _, right, _ in covered)
    for x in range(0, 640 - small // 2, 13):
        assert any(left <= x and x + small // 2 <= right for left, _, right, _ in covered if right - left == small)


def test_boxes_of_one_person_become_their_weighted_mean():
    merged = merge(found((0, 0, 10, 20, 0.9), (2, 0, 12, 20, 0.3), (50, 0, 60, 20, 0.4)))
    assert merged.boxes == pytest.approx(floats((0.5, 0, 10.5, 20), (50, 0, 60, 20)))
    assert merged.scores == pytest.approx([0.9, 0.4])


def test_a_part_of_a_person_is_not_another_person_and_nothing_merges_to_nothing():
    assert len(merge(found((0, 0, 10, 30, 0.9), (1, 0, 9, 10, 0.8)))) == 1
    assert len(merge(Detections.none())) == 0


def test_what_stays_in_place_and_is_rarely_sure_is_background():
    bollard, stander = (0, 0, 10, 20), (50, 0, 60, 20)
    frames = [
        found(
            (*bollard, 0.6 if number == 3 else 0.3), (*stander, 0.9), (100 + 30 * number, 0, 110 + 30 * number, 20, 0.3)
        )
        for number in range(10)
    ]
    for kept in without_background(frames):
        assert kept.boxes[:, 0].min() == 50
        assert len(kept) == 2


def test_labels_come_back_as_they_were_written(tmp_path):
    picture = person_picture()
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / name), picture.image)
    boxes, ignore = picture.boxes.tolist(), picture.ignore.tolist()
    write_labels(
        tmp_path, [LabelledImage("a.png", "train", boxes, ignore), LabelledImage("b.png", "validation", [], [])]
    )
    [train] = load_pictures(tmp_path, "train")
    np.testing.assert_array_equal(train.boxes, picture.boxes)
    np.testing.assert_array_equal(train.ignore, picture.ignore)
    np.testing.assert_array_equal(train.image, picture.image)
    assert load_pictures(tmp_path, "validation")[0].boxes.shape == (0, 4)
    assert len(load_pictures(tmp_path, None)) == 2
    (tmp_path / "a.png").unlink()
    with pytest.raises(DatasetError, match=r"a\.png"):
        load_pictures(tmp_path, "train")


def test_regions_to_ignore_are_painted_grey_but_not_the_people_in_them():
    picture = masked(person_picture())
    assert (picture.image[20:60, 111:150] == GREY).all()
    assert (picture.image[30:90, 80:110] == 255).all()
    assert len(picture.ignore) == 0


def test_boxes_of_training_pictures_lie_on_the_people():
    mosaics = Mosaics([[person_picture()]], [1.0], 256, seed=1)
    people = 0
    for _ in range(20):
        image, boxes = mosaics.draw()
        assert image.shape == (256, 256, 3)
        assert ((boxes >= 0) & (boxes <= 256)).all()
        for left, top, right, bottom in boxes.round().astype(int):
            inside = image[top + 1 : bottom - 1, left + 1 : right - 1]
            assert inside.mean() > image.mean() + 30
            people += 1
    assert people > 20


def test_fine_tuning_learns_and_leaves_the_first_layers_and_the_statistics_alone():
    from ultralytics.nn.tasks import DetectionModel

    torch.manual_seed(0)
    network = DetectionModel("yolov8n.yaml", nc=1, verbose=False)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    lines, kept = [], []
    recipe = DetectorRecipe(image_size=128, batch=4, steps=20, learning_rate=3e-3, warm_up=2, average=0.5)
    mean = fine_tune(
        network, Mosaics([[person_picture()]], [1.0], 128, seed=0), recipe,
        device=torch.device("cpu"), report=lines.append, keep=kept.append,
    )  # fmt: skip
    after = mean.state_dict()
    changed = {int(name.split(".")[1]) for name in before if not torch.equal(before[name], after[name].cpu())}
    assert changed
    assert min(changed) >= recipe.frozen_layers
    assert all(torch.equal(before[name], after[name]) for name in before if "running" in name)
    class_loss = [float(line.split("cls_loss ")[1].split()[0]) for line in lines]
    assert class_loss[-1] < class_loss[0]
    assert len(kept) == 1


def test_fine_tuning_starts_from_known_weights_only(tmp_path):
    (tmp_path / "best.pt").write_bytes(b"something else")
    with pytest.raises(CheckpointError, match="SHA-256 differs"):
        start_network(tmp_path / "best.pt")


def test_the_reference_detector_labels_a_clip(shared_data, tmp_path):
    reference = ReferenceDetector(shared_data / "reference" / "yolox_nano.onnx")
    images = label_clip(shared_data / "footage" / "people-detection.264", [reference], 180, tmp_path)
    assert [image.part for image in images] == ["train", "train", "train", "validation"]
    assert [len(image.boxes) for image in images][:3] == [0, 1, 3]
    assert len(load_pictures(tmp_path, None)) == 4


def test_the_shipped_detector_agrees_with_the_reference_on_unseen_frames(shared_data, tmp_path):
    reference = ReferenceDetector(shared_data / "reference" / "yolox_nano.onnx")
    label_clip(shared_data / "footage" / "pets-s2l1-view1.mp4", [reference], 199, tmp_path)
    detector = PersonDetector.load(device=torch.device("cpu"), image_size=640, min_score=0.25)
    result = evaluate_detector(detector, load_pictures(tmp_path, "validation"))
    assert result.recall >= 0.8
    assert result.precision >= 0.8
