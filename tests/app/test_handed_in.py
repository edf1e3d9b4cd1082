"""Pictures that were handed in: kept for a while, by their content."""

import os
import time

import cv2
import numpy as np
import pytest

from surveil.app.handed_in import KEPT_SECONDS, LONGEST_SIDE, HandedIn
from surveil.errors import NoRoomError, PictureError, QueryError


@pytest.fixture
def kept(media):
    return HandedIn(media)


def encoded(colour, size=(40, 20), kind=".png"):
    return cv2.imencode(kind, np.full((*size, 3), colour, np.uint8))[1].tobytes()


def test_a_picture_is_kept_once_under_the_name_of_its_content(kept):
    name = kept.keep(encoded((10, 200, 30)), max_pixels=10**6)
    assert kept.keep(encoded((10, 200, 30)), max_pixels=10**6) == name
    assert kept.keep(encoded((200, 10, 30)), max_pixels=10**6) != name
    picture = cv2.imread(str(kept.path(name)))
    assert picture.shape == (40, 20, 3)
    assert np.abs(picture.astype(int) - (10, 200, 30)).max() < 6
    assert len(list(kept.folder.iterdir())) == 2


def test_a_large_picture_is_made_smaller_and_keeps_its_shape(kept):
    picture = cv2.imread(str(kept.path(kept.keep(encoded(7, (4000, 1000)), max_pixels=10**7))))
    assert picture.shape == (LONGEST_SIDE, LONGEST_SIDE // 4, 3)


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"<svg/>", b"\xff\xd8\xff\xe0 broken"])
def test_what_is_no_picture_is_refused_and_nothing_is_left(kept, content):
    with pytest.raises(PictureError):
        kept.keep(content, max_pixels=10**6)
    assert not kept.folder.exists()


def test_a_picture_with_too_many_pixels_is_refused(kept):
    with pytest.raises(PictureError):
        kept.keep(encoded(7, (100, 101)), max_pixels=10_000)


def test_what_was_handed_in_long_ago_goes_and_handing_it_in_again_keeps_it(kept):
    old, young = (kept.keep(encoded(colour), max_pixels=10**6) for colour in (10, 20))
    for name in (old, young):
        long_ago = time.time() - KEPT_SECONDS - 60
        os.utime(kept.path(name), (long_ago, long_ago))
    kept.keep(encoded(20), max_pixels=10**6)
    assert kept.path(young).is_file()
    with pytest.raises(QueryError, match=r"not kept any more.*Hand it in again"):
        kept.path(old)


def test_all_are_forgotten_but_those_that_are_needed(kept):
    names = [kept.keep(encoded(colour), max_pixels=10**6) for colour in (10, 20, 30)]
    assert kept.forget_all(but=names[:1]) == 2
    assert [path.stem for path in kept.folder.iterdir()] == names[:1]
    assert kept.forget_all(but=()) == 1
    assert kept.forget_all(but=()) == 0


def test_no_more_is_kept_than_may_be(media):
    first = HandedIn(media).keep(encoded(10), max_pixels=10**6)
    size = HandedIn(media).path(first).stat().st_size
    full = HandedIn(media, max_bytes=1.5 * size)
    assert full.keep(encoded(10), max_pixels=10**6) == first, "the same again takes no room"
    with pytest.raises(NoRoomError, match=r"kept already.*pictures_kept_mb"):
        full.keep(encoded(20), max_pixels=10**6)
    assert len(list(full.folder.iterdir())) == 1


@pytest.mark.parametrize("name", ["", "..", "../surveil", "a" * 63, "A" * 64, "0" * 64 + ".jpg", "/etc/passwd"])
def test_no_other_name_leads_anywhere(kept, name):
    kept.keep(encoded(10), max_pixels=10**6)
    with pytest.raises(QueryError):
        kept.path(name)
