import cv2
import numpy as np
import pytest
from PIL import Image

from surveil.errors import QueryError
from surveil.people.crops import cut
from surveil.search.example import UNLIKE_WEIGHT, combine, read_query_picture, take_person
from surveil.types import Detections

COLOURS = [(250, 20, 20), (20, 250, 20), (20, 20, 250)]


def draw(tmp_path, size, *boxes):
    """A picture with a person, of a colour of their own, in each box (x1, y1, x2, y2)."""
    image = np.zeros((*size, 3), np.uint8)
    for (left, top, right, bottom), colour in zip(boxes, COLOURS, strict=False):
        image[top:bottom, left:right] = colour
    path = tmp_path / "picture.png"
    cv2.imwrite(str(path), image)
    return path, image


def detect(image):
    """Finds the people of `draw`, unless they touch the border of what is searched: the hard case of real detectors."""
    boxes = []
    for colour in COLOURS:
        rows, columns = np.nonzero((image == colour).all(axis=2))
        if len(rows):
            box = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
            if box[0] > 0 and box[1] > 0 and box[2] < image.shape[1] and box[3] < image.shape[0]:
                boxes.append(box)
    return Detections(np.array(boxes, np.float32).reshape(-1, 4), np.ones(len(boxes), np.float32))


def crop_of(image, *box):
    """What is stored of a person in this box."""
    return cut(image, np.array(box, np.float32))


SEVERAL = [200, 1, 240, 90], [100, 10, 180, 190], [5, 5, 45, 100]


@pytest.mark.parametrize("box", [(10, 30, 280, 590), (0, 0, 300, 600), (0, 100, 300, 600)])
def test_a_crop_that_a_person_fills_is_taken_whole(tmp_path, box):
    path, image = draw(tmp_path, (600, 300), box)
    person = take_person(path, detect)
    np.testing.assert_array_equal(person.image, image)
    assert "fills" in person.note


def test_a_small_tall_picture_in_which_nobody_is_found_is_a_crop(tmp_path):
    path, image = draw(tmp_path, (128, 64))
    np.testing.assert_array_equal(take_person(path, detect).image, image)


@pytest.mark.parametrize("size", [(1200, 600), (128, 128), (200, 300)])
def test_any_other_picture_without_a_person_is_refused(tmp_path, size):
    path, _ = draw(tmp_path, size)
    with pytest.raises(QueryError, match="nobody was found"):
        take_person(path, detect)


def test_the_only_person_is_cut_out(tmp_path):
    path, image = draw(tmp_path, (200, 250), [50, 20, 90, 120])
    person = take_person(path, detect)
    np.testing.assert_array_equal(person.image, crop_of(image, 50, 20, 90, 120))
    assert person.note == "the only person found"


def test_a_person_at_the_border_is_found_with_room_around_the_picture(tmp_path):
    path, image = draw(tmp_path, (200, 250), [50, 20, 120, 200])
    np.testing.assert_array_equal(take_person(path, detect).image, crop_of(image, 50, 20, 120, 200))


def test_a_person_in_a_tall_picture_is_cut_out_when_small(tmp_path):
    path, image = draw(tmp_path, (240, 120), [10, 20, 50, 120])
    np.testing.assert_array_equal(take_person(path, detect).image, crop_of(image, 10, 20, 50, 120))


@pytest.mark.parametrize("size", [(20_000, 500), (3000, 4000), (40_000, 2)])
def test_a_large_picture_is_framed_at_a_size_that_memory_has_room_for(tmp_path, size):
    path, image = draw(tmp_path, size, [0, 400, size[1], 1300])
    seen = []

    def watched(picture):
        seen.append(picture.nbytes)
        return detect(picture)

    if size[1] == 500:  # a person from border to border, found in the frame only, and cut out at full size
        box = take_person(path, watched).box
        assert np.abs(np.array(box) - [0, 400, 500, 1300]).max() < 20
    else:
        with pytest.raises(QueryError, match="nobody was found"):
            take_person(path, lambda picture: (seen.append(picture.nbytes), Detections.none())[1])
    assert len(seen) > 1
    assert max(seen) <= max(image.nbytes, 3 * 4096 * 4096)


def test_of_several_people_the_largest_is_taken_and_said(tmp_path):
    path, image = draw(tmp_path, (200, 250), *SEVERAL)
    person = take_person(path, detect)
    np.testing.assert_array_equal(person.image, crop_of(image, 100, 10, 180, 190))
    assert person.note.startswith("person 2 of 3 from the left")


def test_a_number_counts_from_the_left(tmp_path):
    path, image = draw(tmp_path, (200, 250), *SEVERAL)
    np.testing.assert_array_equal(take_person(path, detect, 1).image, crop_of(image, 5, 5, 45, 100))
    np.testing.assert_array_equal(take_person(path, detect, 3).image, crop_of(image, 200, 1, 240, 90))
    for number in (0, 4):
        with pytest.raises(QueryError, match=f"no person {number}; 3 were found"):
            take_person(path, detect, number)


def test_a_picture_is_turned_as_its_metadata_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    Image.new("RGB", (40, 20), (200, 10, 10)).save(tmp_path / "turned.jpg", exif=exif)
    assert read_query_picture(tmp_path / "turned.jpg").shape == (40, 20, 3)


def test_what_is_no_picture_is_refused(tmp_path):
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("not a picture")
    for name in ("empty.jpg", "text.jpg", "missing.jpg"):
        with pytest.raises(QueryError, match=name):
            read_query_picture(tmp_path / name)


def test_examples_are_averaged_and_unwanted_people_subtracted():
    [one, two, other] = np.eye(3, 544, dtype=np.float32)
    none = np.zeros((0, 544), np.float32)
    np.testing.assert_allclose(combine(np.stack([one, two]), none), (one + two) / np.sqrt(2), atol=1e-6)
    away = combine(one[None], other[None])
    assert np.linalg.norm(away) == pytest.approx(1, abs=1e-6)
    assert away[2] / away[0] == pytest.approx(-UNLIKE_WEIGHT)


def test_examples_that_cancel_out_are_refused():
    one = np.eye(1, 544, dtype=np.float32)
    with pytest.raises(QueryError, match="cancel"):
        combine(np.concatenate([one, -one]), np.zeros((0, 544), np.float32))
