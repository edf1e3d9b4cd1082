"""Decoding of pictures, in one place: their size is looked at before they are decoded."""

from __future__ import annotations

import io
import stat
import warnings
from pathlib import Path
from typing import IO

import cv2
import numpy as np

from surveil.errors import PictureError
from surveil.types import Image

MAX_PIXELS = 50_000_000
"""Pixels of the largest picture that is decoded; setting max_pixels."""
MAX_BYTES_PER_PIXEL = 8
"""Four channels of 16 bits: a file with more bytes is not read at all."""
_JPEG_REDUCTIONS = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


def read_picture(path: Path, *, max_pixels: int = MAX_PIXELS) -> Image:
    """A picture file as BGR (H, W, 3), the way up that its metadata says; see `decode_picture`.

    Raises:
        OSError: The file cannot be read.
        PictureError: It is no picture, damaged, or too large.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):  # a pipe would let us wait for whoever writes
        raise PictureError("not a file", path, "Give a picture file.")
    if status.st_size > MAX_BYTES_PER_PIXEL * max_pixels:
        raise PictureError(f"the file has {status.st_size:,} bytes, too many for a picture", path)
    return decode_picture(path.read_bytes(), path, max_pixels=max_pixels)


def decode_picture(content: bytes, where: Path | str, *, max_pixels: int | None = MAX_PIXELS) -> Image:
    """An encoded picture (JPEG, PNG, BMP, TIFF, WebP ...) as BGR (H, W, 3), the way up that its metadata says.

    A JPEG with more pixels than allowed is decoded at a half, a quarter or an eighth of its size, which never needs the
    memory of the whole.

    Args:
        content: The file's content.
        where: What an error names.
        max_pixels: The limit; None where the pictures are known, whose size then need not be looked at.

    Raises:
        PictureError: It is no picture, damaged, or too large.
    """
    reduction = 1 if max_pixels is None else _reduction(content, where, max_pixels)
    try:
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), _JPEG_REDUCTIONS[reduction]) if content else None
    except cv2.error:
        picture = None
    if picture is None:
        raise _no_picture(where)
    return picture.astype(np.uint8, copy=False)


def picture_size(path: Path) -> tuple[int, int] | None:
    """Height and width by the file's header; None if it is no picture, or may not be read."""
    try:
        with path.open("rb") as file:
            width, height, _ = _header(file)
    except OSError:  # also what no format fits
        return None
    return height, width


def _reduction(content: bytes, where: Path | str, max_pixels: int) -> int:
    """By what the sides are to be divided so that the picture fits."""
    size = "too many"
    try:
        width, height, kind = _header(io.BytesIO(content))
    except _BombError:
        pass
    except OSError:
        raise _no_picture(where) from None
    else:
        size = f"{width} x {height}"
        for reduction in _JPEG_REDUCTIONS if kind == "JPEG" else (1,):
            if width * height <= max_pixels * reduction**2:
                return reduction
    raise PictureError(
        f"it has {size} pixels, and {max_pixels:,} are the limit",
        where,
        "Make it smaller, or raise the setting max_pixels: it costs memory.",
    )


class _BombError(OSError):
    """So many pixels that Pillow does not even say how many."""


def _header(file: IO[bytes]) -> tuple[int, int, str | None]:
    """Width, height and format.

    Raises:
        OSError: No format fits.
    """
    from PIL import Image as Pictures

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Pictures.DecompressionBombWarning)
            with Pictures.open(file) as picture:
                return picture.width, picture.height, picture.format
    except Pictures.DecompressionBombError as error:
        raise _BombError from error
    except OSError:
        raise
    except Exception as error:  # its parsers raise whatever a damaged header makes them stumble over
        raise OSError(str(error)) from error


def _no_picture(where: Path | str) -> PictureError:
    return PictureError("not a readable picture", where, "Give a JPEG, PNG, BMP, TIFF or WebP file.")
