import io

import numpy as np
import pytest
from PIL import Image

from surveil.errors import QueryError
from surveil.search.sheet import Cell, contact_sheet, picture_of, save_sheet

COLOURS = [(250, 10, 10), (10, 250, 10), (10, 10, 250), (250, 250, 10), (10, 250, 250), (250, 10, 250), (120, 20, 70)]


def solid(colour, width=40, height=80):
    return Image.new("RGB", (width, height), colour)


def areas(sheet):
    """Where each colour lies: left, top, right, bottom, for those that fill what they span."""
    pixels = np.asarray(sheet)
    found = {}
    for colour in COLOURS:
        rows, columns = np.nonzero((pixels == colour).all(axis=2))
        if len(rows):
            found[colour] = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    return found


def test_every_picture_is_drawn_whole_once_and_in_reading_order():
    cells = [Cell(solid(colour), (f"camera {i}", "08:00:00")) for i, colour in enumerate(COLOURS)]
    places = areas(contact_sheet(cells, "7 matches"))
    assert set(places) == set(COLOURS)
    order = sorted(COLOURS, key=lambda colour: (places[colour][1], places[colour][0]))
    assert order == COLOURS
    for left, top, right, bottom in places.values():
        assert (bottom - top) / (right - left) == pytest.approx(2, rel=0.02)


def test_a_wide_picture_keeps_its_aspect():
    [(left, top, right, bottom)] = areas(contact_sheet([Cell(solid(COLOURS[0], 90, 30), ())], "one")).values()
    assert (right - left) / (bottom - top) == pytest.approx(3, rel=0.03)


def test_the_words_under_a_picture_are_drawn():
    blank, written = (
        np.asarray(contact_sheet([Cell("none", lines)], "one")) for lines in (("", "."), ("gate", "0.83"))
    )
    assert blank.shape == written.shape
    assert (blank != written).any(axis=2).sum() > 50


def test_the_query_is_framed_and_a_match_is_not():
    plain, framed = (
        np.asarray(contact_sheet([Cell(solid(COLOURS[0]), ("one",), label)], "one")) for label in (None, "like")
    )
    accent = np.array([0xB3, 0x36, 0x1E])
    assert not (plain == accent).all(axis=2).any()
    assert (framed == accent).all(axis=2).sum() > 2000


def test_a_long_title_and_long_lines_stay_on_the_sheet(tmp_path):
    sheet = contact_sheet(
        [Cell(solid(COLOURS[0]), ("a camera with a very long name " * 5,))], "long " * 100, "words " * 80
    )
    pixels = np.asarray(sheet)
    assert (pixels[:, -20:] == pixels[0, 0]).all(), "something was drawn over the margin"


def test_no_matches_make_a_sheet_that_says_so():
    sheet = contact_sheet([], "0 matches", "red top")
    assert len(np.unique(np.asarray(sheet).reshape(-1, 3), axis=0)) > 2


def test_pictures_come_from_jpeg_and_from_arrays_alike(tmp_path):
    bgr = np.full((20, 10, 3), (250, 20, 40), np.uint8)
    solid((40, 20, 250), 10, 20).save(tmp_path / "picture.jpg", quality=95)
    pictures = picture_of(bgr), picture_of((tmp_path / "picture.jpg").read_bytes())
    for picture in pictures:
        assert picture.size == (10, 20)
        assert np.abs(np.asarray(picture, int) - (40, 20, 250)).max() < 6


def test_a_sheet_that_cannot_be_written_is_an_error(tmp_path):
    sheet = contact_sheet([], "nothing")
    for path in (tmp_path / "missing" / "sheet.png", tmp_path / "sheet.unknown"):
        with pytest.raises(QueryError, match="cannot be written"):
            save_sheet(sheet, path)
    save_sheet(sheet, tmp_path / "sheet.png")
    assert Image.open(tmp_path / "sheet.png").size == sheet.size


def test_a_sheet_for_which_there_is_no_room_leaves_what_was_there(tmp_path, no_room_for_files):
    path = tmp_path / "sheet.png"
    path.write_bytes(b"before")
    with no_room_for_files(), pytest.raises(QueryError, match="cannot be written"):
        save_sheet(contact_sheet([], "nothing"), path)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_picture_that_is_damaged_is_said_in_its_place():
    file = io.BytesIO()
    Image.effect_noise((50, 100), 40).save(file, "jpeg")
    whole = file.getvalue()
    for content in (b"", b"no picture at all", whole[: len(whole) // 2], whole[:2], b"\x89PNG\r\n\x1a\n" + bytes(40)):
        assert picture_of(content) == "the picture is damaged", content[:10]
    sheet, empty = (contact_sheet([Cell(words, ("gate",))], "one") for words in ("the picture is damaged", ""))
    assert (np.asarray(sheet) != np.asarray(empty)).any()
