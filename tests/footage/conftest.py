"""Footage that the tests write themselves."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

SIZE = (160, 120)


def write_video(
    path,
    pictures,
    *,
    rate=10,
    milliseconds=None,
    codec="libx264",
    pix_fmt="yuv420p",
    form=None,
    codec_options=None,
    options=None,
    metadata=None,
):
    """Encode (H, W, 3) pictures at a constant rate, or each at its own time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format=form, options=options or {}) as container:
        container.metadata.update(metadata or {})
        stream = container.add_stream(codec, rate=rate, options=codec_options or {})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pix_fmt
        if milliseconds is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            if milliseconds is not None:
                frame.pts, frame.time_base = int(milliseconds[number]), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def grey(count, size=SIZE, level=lambda number: 4 * number % 256):
    """Plain pictures, each of another brightness."""
    return [np.full((size[1], size[0], 3), level(number), np.uint8) for number in range(count)]


def noise(count, size=SIZE):
    """Pictures that do not compress, so that every byte of the file matters."""
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (size[1], size[0], 3), np.uint8) for _ in range(count)]


@pytest.fixture(scope="session")
def video():
    """Write a video: see `write_video`."""
    return write_video


@pytest.fixture(scope="session")
def plain():
    """Make plain pictures: see `grey`."""
    return grey


@pytest.fixture(scope="session")
def noisy():
    """Make noisy pictures: see `noise`."""
    return noise


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that every user may reach, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="surveil-footage-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Permissions count in here even if the tests run as root."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture(scope="session")
def as_ordinary_user():
    """Do something without a right to pass over permissions: see `ordinary_user`."""
    return ordinary_user
