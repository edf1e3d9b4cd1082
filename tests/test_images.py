"""Pictures: their size is looked at before they are decoded, and whatever is wrong with them is told."""

import os
import re
import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest

from surveil.errors import PictureError
from surveil.images import decode_picture, picture_size, read_picture

ROOT = Path(__file__).parents[1]
RAMP = np.tile(np.linspace(0, 255, 400).astype(np.uint8)[:, None, None], (1, 300, 3))


@pytest.fixture(params=[".png", ".jpg", ".bmp", ".webp", ".tiff"])
def path(request, tmp_path):
    """A ramp of 400 rows and 300 columns."""
    cv2.imwrite(str(tmp_path / f"a{request.param}"), RAMP)
    return tmp_path / f"a{request.param}"


def test_a_picture_within_the_limit_is_read_whole(path):
    picture = read_picture(path, max_pixels=400 * 300)
    assert (picture.dtype, picture.shape) == (np.uint8, RAMP.shape)
    assert np.abs(picture.astype(int) - RAMP).max() <= 4
    assert picture_size(path) == (400, 300)


def test_a_larger_one_is_refused_unless_it_can_be_decoded_smaller(path):
    if path.suffix == ".jpg":
        for limit, height in ((400 * 300 - 1, 200), (100 * 75, 100), (50 * 38, 50)):
            assert read_picture(path, max_pixels=limit).shape[0] == height
        limit = 1000
    else:
        limit = 400 * 300 - 1
    with pytest.raises(PictureError, match=rf"{path.name}: .*(300 x 400 pixels|too many).*"):
        read_picture(path, max_pixels=limit)


def test_a_bomb_takes_no_memory(tmp_path):
    bomb = cv2.imencode(".png", np.zeros((20_000, 20_000), np.uint8))[1].tobytes()
    tracemalloc.start()
    with pytest.raises(PictureError, match=r"pixels, and 50,000,000 are the limit.*max_pixels"):
        decode_picture(bomb, "bomb.png")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"])
def test_what_is_no_picture_is_told(tmp_path, content):
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(PictureError, match=r"a\.jpg: not a readable picture"):
        read_picture(tmp_path / "a.jpg")
    assert picture_size(tmp_path / "a.jpg") is None
    with pytest.raises(PictureError, match="where"):
        decode_picture(content, "where", max_pixels=None)


def test_pictures_are_decoded_in_one_place():
    decoding = re.compile(r"\b(imdecode|imread|JpegImageFile|Pictures\.open|Image\.open)\b")
    files = [path for room in ("surveil", "training", "tools") for path in (ROOT / room).rglob("*.py")]
    assert [path.name for path in files if decoding.search(path.read_text())] == ["images.py"]


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_picture(tmp_path / "a.jpg")


def test_what_never_ends_is_no_picture(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    for path in (tmp_path / "a.jpg", Path("/dev/zero"), tmp_path):
        with pytest.raises(PictureError, match="not a file"):
            read_picture(path)


def test_damaged_pictures_are_pictures_or_told(path):
    random, content = np.random.default_rng(0), path.read_bytes()
    for _ in range(60):
        damaged = bytearray(content)
        for at in random.integers(0, min(len(content), 600), 3):
            damaged[at] = random.integers(256)
        try:
            picture = decode_picture(bytes(damaged), path, max_pixels=1_000_000)
        except PictureError:
            continue
        assert picture.ndim == 3
        assert picture.shape[0] * picture.shape[1] <= 1_000_000
