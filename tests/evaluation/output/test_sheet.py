"""The sheet of examples, on made-up embeddings: who is found is known, and so is every frame's colour."""

import cv2
import numpy as np
import pytest

from surveil.calibration import Calibration
from surveil.evaluation.metrics.calibration import pair_similarities
from surveil.evaluation.metrics.clustering import clustering_quality
from surveil.evaluation.metrics.reid import evaluate_ranking
from surveil.evaluation.output.sheet import CROP, FRAME, GAP, MARGIN, choose_queries, query_sheet
from surveil.evaluation.protocols.market1501 import Split
from surveil.evaluation.protocols.official import JOINED, OfficialResult
from surveil.model.checkpoint import Card
from surveil.palette import GREY, RIGHT, WRONG


def split(ids, cameras):
    ids, cameras = np.array(ids), np.array(cameras)
    crops = [
        cv2.imencode(".jpg", np.full((128, 64, 3), (40 * i + 60) % 255, np.uint8))[1].tobytes() for i in range(len(ids))
    ]
    return Split(tuple(f"{i}.jpg" for i in range(len(ids))), tuple(crops), ids, cameras, cameras, cameras)


def result(angles, gallery_angles, ids, gallery_ids, calibration=None, gallery_cameras=None):
    """Everybody's embedding is a direction in the plane; queries come from camera 1, most others from camera 2."""
    query, gallery = split(ids, [1] * len(ids)), split(gallery_ids, gallery_cameras or [2] * len(gallery_ids))
    vectors = [
        np.stack([np.cos(a), np.sin(a)], axis=1).astype(np.float32) for a in map(np.radians, (angles, gallery_angles))
    ]
    reid = evaluate_ranking(vectors[0], query.ids, query.cameras, vectors[1], gallery.ids, gallery.cameras)
    card = Card("made up", "resnet34-attention", (128, 64), calibration=calibration or Calibration())
    quality = clustering_quality(gallery.ids, gallery.ids, gallery.cameras)
    pairs = pair_similarities(vectors[0], query.ids, query.cameras, vectors[1], gallery.ids, gallery.cameras)
    return OfficialResult(card, query, gallery, *vectors, {JOINED: reid}, pairs, quality)


@pytest.fixture
def four():
    """Query 0 finds both pictures first, 1 one of one, 2 fails though very alike, 3 fails and is the worst."""
    return result(
        [0, 40, 90, 170],
        [1, 2, 41, 90, 93, 160, 150, 20],
        [1, 2, 3, 4],
        [1, 1, 2, 9, 3, 9, 8, 4],
        Calibration(slope=10.0, intercept=-5.0),
    )


def test_queries_are_shown_once_and_where_they_belong(four):
    best, worst, failed = choose_queries(four, 1)
    assert best.queries == (0,), "two pictures to find, both first"
    assert worst.queries == (3,)
    assert failed.queries == (2,)
    assert "2 of 4 queries rank every picture" in best.heading
    assert "for 2 of 4 queries the first match is wrong" in failed.heading


def test_a_person_is_shown_once_per_section():
    several = result([0, 1, 40], [0, 41], [1, 1, 2], [1, 2])
    assert choose_queries(several, 2)[0].queries == (0, 2)


def test_of_the_failed_come_those_whose_wrong_match_is_most_similar():
    """Query 4 looks just like a picture of its own camera, which is passed over: its wrong match is 10 degrees off."""
    made = result(
        [0, 40, 80, 120, 200, 280],
        [0, 40, 81, 82, 83, 110, 121, 122, 123, 160, 200, 210, 225, 285, 300],
        [1, 2, 3, 4, 5, 6],
        [1, 2, 9, 9, 9, 3, 9, 9, 9, 4, 5, 9, 5, 9, 6],
        gallery_cameras=[2] * 10 + [1] + [2] * 4,
    )
    best, worst, failed = choose_queries(made, 2)
    assert (best.queries, worst.queries, failed.queries) == ((0, 1), (3, 2), (5, 4))


def test_nobody_failed():
    *_, failed = choose_queries(result([0, 40], [0, 41], [1, 2], [1, 2]), 4)
    assert failed.queries == ()
    assert query_sheet(result([0, 40], [0, 41], [1, 2], [1, 2])).width > 0


def frames(sheet, count):
    """Rows of frame colours, found where a frame's left edge is one colour over the height of a crop."""
    pixels = np.asarray(sheet)
    lefts = [MARGIN, *(MARGIN + CROP[0] + 2 * FRAME + 2 * GAP + i * (CROP[0] + 2 * FRAME + GAP) for i in range(count))]
    names = {
        tuple(bytes.fromhex(colour[1:])): name for colour, name in ((RIGHT, "green"), (WRONG, "red"), (GREY, "grey"))
    }
    rows, y = [], 0
    while y < len(pixels) - CROP[1]:
        if (
            tuple(pixels[y, MARGIN + 2]) in names
            and (pixels[y : y + CROP[1], MARGIN + 2] == pixels[y, MARGIN + 2]).all()
        ):
            rows.append([names.get(tuple(pixels[y + 50, left + 2])) for left in lefts])
            y += CROP[1]
        y += 1
    return rows


def test_a_frame_is_green_where_the_match_is_right_and_red_elsewhere(four):
    assert frames(query_sheet(four, each=1, count=4), 4) == [
        ["grey", "green", "green", "red", "red"],
        ["grey", "red", "red", "red", "red"],
        ["grey", "red", "green", "red", "red"],
    ]


def test_fewer_matches_than_asked_for_leave_room():
    rows = frames(query_sheet(result([0, 40], [0, 41], [1, 2], [1, 2]), each=1, count=3), 3)
    assert rows == [["grey", "green", "red", None], ["grey", "green", "red", None]]


def test_probabilities_are_written_where_the_model_is_calibrated(four):
    plain = result([0, 40, 90, 170], [1, 2, 41, 90, 93, 160, 150, 20], [1, 2, 3, 4], [1, 1, 2, 9, 3, 9, 8, 4])
    ink = [(np.asarray(query_sheet(each)) < 60).all(axis=2).sum() for each in (four, plain)]
    assert ink[0] > ink[1] + 100
