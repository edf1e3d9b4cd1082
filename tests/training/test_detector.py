"""The detector's labels, its training pictures, and a few steps of fine-tuning."""

from __future__ import annotations

import zipfile
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from ultralytics.utils import ASSETS

from surveil.errors import CheckpointError, DatasetError
from surveil.evaluation.metrics.detection import DetectionScore
from surveil.people.detect import PersonDetector
from surveil.people.network import build_detection_network
from surveil.types import Detections
from training.detector import DetectorRecipe, average_detectors, fine_tune
from training.detector_data import GREY, Mosaics, masked
from training.detector_labels import (
    LabelledImage,
    ReferenceDetector,
    detect_together,
    label_clip,
    merge_boxes,
    tiles,
    without_background,
    write_labels,
)
from training.detector_metrics import find_all, measure, recall_at_precision
from training.detector_sets import LabelledPicture, load_pictures, part_of
from training.detector_start import start_network


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
    merged = merge_boxes(found((0, 0, 10, 20, 0.9), (2, 0, 12, 20, 0.3), (50, 0, 60, 20, 0.4)))
    assert merged.boxes == pytest.approx(floats((0.5, 0, 10.5, 20), (50, 0, 60, 20)))
    assert merged.scores == pytest.approx([0.9, 0.4])


def test_a_part_of_a_person_is_not_another_person_and_nothing_merges_to_nothing():
    assert len(merge_boxes(found((0, 0, 10, 30, 0.9), (1, 0, 9, 10, 0.8)))) == 1
    assert len(merge_boxes(Detections.none())) == 0


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


def annotated_zip(path, pictures):
    """A zip of annotated pictures: name to lines of people and of regions to ignore."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images/", b"")
        for name, (people, ignore) in pictures.items():
            content = cv2.imencode(".jpg", np.zeros((50, 100, 3), np.uint8))[1].tobytes()
            archive.writestr(f"images/{name}.jpg", content)
            archive.writestr(f"labels/{name}.txt", people)
            archive.writestr(f"ignore/{name}.txt", ignore)
    return path


def test_a_zip_of_annotated_pictures_gives_boxes_in_pixels(tmp_path):
    path = annotated_zip(tmp_path / "a.zip", {"one": ("0 0.5 0.5 0.2 0.4\n", "0 0.1 0.1 0.2 0.2"), "two": ("", "")})
    one, two = load_pictures(path, None)
    assert one.image.shape == (50, 100, 3)
    np.testing.assert_allclose(one.boxes, floats((40, 15, 60, 35)), atol=1e-4)
    np.testing.assert_allclose(one.ignore, floats((0, 0, 20, 10)), atol=1e-4)
    assert (one.is_empty, two.is_empty) == (False, True)


def test_every_picture_of_a_zip_is_in_one_part_and_a_place_is_in_one_whole(tmp_path):
    names = [f"picture{number}" for number in range(60)]
    path = annotated_zip(tmp_path / "a.zip", dict.fromkeys(names, ("", "")))
    train, validation = (load_pictures(path, part) for part in ("train", "validation"))
    assert len(train) + len(validation) == 60
    assert 8 <= len(validation) <= 32
    lobby = ["clip1_mp4-107", "output_mp4-3", "clip_main_lobby_Tan_mp4-1"]
    assert {part_of("capston2_indoor", name) for name in lobby} == {"validation"}
    assert {part_of("capston2_indoor", f"opencv_frame_{number}_png") for number in range(9)} == {"train"}


def test_what_is_no_zip_of_annotated_pictures_is_refused(tmp_path):
    (tmp_path / "text.zip").write_text("not a zip")
    with zipfile.ZipFile(tmp_path / "bare.zip", "w") as archive:
        archive.writestr("images/a.jpg", cv2.imencode(".jpg", np.zeros((9, 9, 3), np.uint8))[1].tobytes())
    for name in ("text.zip", "bare.zip"):
        with pytest.raises(DatasetError, match=rf"{name}: no zip of annotated pictures"):
            load_pictures(tmp_path / name, None)


def test_boxes_in_empty_pictures_are_counted_apart():
    image = np.zeros((50, 50, 3), np.uint8)
    somebody = LabelledPicture(image, floats((0, 0, 10, 20)), floats())
    doubtful = LabelledPicture(image, floats(), floats((0, 0, 50, 50)))
    empty = LabelledPicture(image, floats(), floats())
    pictures = [somebody, doubtful, empty, empty]
    seen = [found((0, 0, 10, 20, 0.9)), found((5, 5, 9, 9, 0.9)), found((0, 0, 9, 9, 0.6), (0, 0, 9, 9, 0.1)), found()]
    report = measure(seen, pictures, min_score=0.25)
    assert report.score == DetectionScore(matched=1, missed=0, false=1)
    assert report.false_per_empty == 0.5
    recall, least = recall_at_precision(seen, pictures, 0.8)
    assert recall == 1
    assert 0.6 < least < 0.9


def test_several_references_count_by_their_mean_score():
    class Fixed:
        def __init__(self, *values):
            self.seen = found(*values)

        def detect(self, image):
            return self.seen

    both, one = (0, 0, 10, 20), (50, 0, 60, 20)
    together = detect_together([Fixed((*both, 0.8), (*one, 0.9)), Fixed((*both, 0.6))], np.zeros((9, 9, 3), np.uint8))
    scores = dict(zip(together.boxes[:, 0].tolist(), together.scores.tolist(), strict=True))
    assert scores == pytest.approx({0: 0.7, 50: 0.45})


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


TINY = DetectorRecipe(image_size=128, batch=2, steps=4, learning_rate=3e-3, warm_up=1, average=0.5, frozen_layers=10)


def tune(recipe, state=None):
    """Fine-tune an untrained network; the mean of its weights and what was reported."""
    torch.manual_seed(0)
    network = build_detection_network("yolov8n", classes=1)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    lines = []
    mosaics = Mosaics([[person_picture()]], [1.0], recipe.image_size, seed=0)
    mean = fine_tune(network, mosaics, recipe, device=torch.device("cpu"), report=lines.append, state=state)
    return before, mean.state_dict(), lines


def test_fine_tuning_learns_and_leaves_the_first_layers_and_the_statistics_alone(monkeypatch):
    recipe = replace(TINY, batch=4, steps=20, warm_up=2)
    monkeypatch.setattr(Mosaics, "reseed", lambda self, seed: setattr(self, "_random", np.random.default_rng(0)))
    before, after, lines = tune(recipe)
    changed = {int(name.split(".")[1]) for name in before if not torch.equal(before[name], after[name].cpu())}
    assert changed
    assert min(changed) >= recipe.frozen_layers
    assert all(torch.equal(before[name], after[name]) for name in before if "running" in name)
    class_loss = [float(line.split("cls_loss ")[1].split()[0]) for line in lines]
    assert class_loss[-1] < class_loss[0]


def test_a_killed_run_ends_as_an_undisturbed_one(tmp_path, monkeypatch):
    monkeypatch.setattr("training.detector.KEEP_EVERY", 2)
    _, whole, _ = tune(TINY)
    draws = iter(range(3 * TINY.batch))
    draw = Mosaics.draw

    def killed_in_the_fourth_step(self):
        if next(draws, None) is None:
            raise KeyboardInterrupt
        return draw(self)

    with monkeypatch.context() as killed:
        killed.setattr(Mosaics, "draw", killed_in_the_fourth_step)
        with pytest.raises(KeyboardInterrupt):
            tune(TINY, tmp_path / "run.state")
    _, resumed, _ = tune(TINY, tmp_path / "run.state")
    for name, value in whole.items():
        torch.testing.assert_close(resumed[name], value, rtol=1e-3, atol=1e-4)


def test_an_average_lies_between_its_networks():
    networks = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        networks.append(build_detection_network("yolov8n", classes=1))
    first, second = (network.state_dict() for network in networks)
    for share, expected in ((0.0, first), (1.0, second)):
        mean = average_detectors(*networks, share).state_dict()
        assert all(torch.allclose(mean[name], expected[name]) for name in mean)
    middle = average_detectors(*networks, 0.25).state_dict()
    name = "model.0.conv.weight"
    torch.testing.assert_close(middle[name], 0.75 * first[name] + 0.25 * second[name])


def test_a_coco_network_is_read_back_from_its_quantised_file(shared_data):
    import onnxruntime

    path = shared_data / "reference" / "yolov8n_int8.onnx"
    network, architecture, _ = start_network(path)
    assert architecture == "yolov8n-coco"
    picture = cv2.resize(cv2.imread(str(ASSETS / "bus.jpg")), (640, 640))
    inputs = np.ascontiguousarray(picture[..., ::-1].transpose(2, 0, 1)[None], np.float32) / 255
    [expected] = onnxruntime.InferenceSession(str(path)).run(None, {"images": inputs})
    with torch.inference_mode():
        given = network(torch.from_numpy(inputs))[0].numpy()
    assert given.shape == (1, 5, 8400)
    sure = expected[0, 4] > 0.5
    assert sure.sum() > 5
    np.testing.assert_allclose(given[0, 4, sure], expected[0, 4, sure], atol=0.1)
    np.testing.assert_allclose(given[0, :4, sure], expected[0, :4, sure], atol=8)


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
    detector = PersonDetector.load(device="cpu", image_size=640, min_score=0.25)
    pictures = load_pictures(tmp_path, "validation")
    result = measure(find_all(detector, pictures), pictures, min_score=0.25).score
    assert result.recall >= 0.8
    assert result.precision >= 0.8


def test_the_shipped_detector_takes_no_furniture_for_people(shared_data):
    detector = PersonDetector.load(device="cpu", image_size=640, min_score=0.25)
    pictures = [
        picture
        for picture in load_pictures(shared_data / "detection" / "coco256.zip", "validation")
        if picture.is_empty
    ]
    report = measure(find_all(detector, pictures), pictures, min_score=0.4)
    assert report.empty_pictures >= 30
    assert report.false_per_empty <= 0.1
