"""Files damaged at random: each is read, or told as an error of its own; frames always add up, times always ascend.

A few each run; `make test-slow` tries 2,000 and prints the seed of what fails: SURVEIL_MUTATIONS_SEED=N begins there.
"""

import itertools
import os
import random
from pathlib import Path

import cv2
import numpy as np
import pytest

from surveil.errors import FootageError
from surveil.footage.crops_folder import CropReader
from surveil.footage.decode import FootageReader
from surveil.footage.examine import examine
from surveil.footage.find import find_footage
from surveil.footage.motion import MotionGate
from surveil.footage.origin import OriginRules
from surveil.types import FoundFootage
from tests.footage.mutate import mutate

FORMATS = {
    "mp4": {"codec_options": {"g": "6"}},
    "mov": {"codec": "mpeg4"},
    "mkv": {"codec_options": {"g": "6"}},
    "webm": {"codec": "libvpx"},
    "ts": {"codec_options": {"g": "6"}},
    "mpg": {"codec": "mpeg2video", "rate": 25},
    "avi": {"codec": "mpeg4"},
    "flv": {"codec": "flv1"},
    "asf": {"codec": "msmpeg4v3"},
    "nut": {"codec": "mpeg4"},
    "ogv": {"codec": "libtheora"},
    "mxf": {"codec": "mpeg2video", "rate": 25},
    "3gp": {"codec": "mpeg4"},
    "264": {"form": "h264"},
    "mjpeg": {"codec": "mjpeg", "pix_fmt": "yuvj420p", "form": "mjpeg"},
    "y4m": {"codec": "wrapped_avframe", "form": "yuv4mpegpipe"},
}
FEW, MANY = 64, 2000
MAX_PIXELS = 4_000_000


@pytest.fixture(scope="module")
def originals(tmp_path_factory, video):
    """The content of one healthy file of each format that this build of FFmpeg writes."""
    folder = tmp_path_factory.mktemp("healthy")
    drawn = np.random.default_rng(0).integers(0, 256, (12, 48, 64, 3), np.uint8)
    pictures = [cv2.GaussianBlur(picture, (9, 9), 3) for picture in drawn]
    written = {}
    for suffix, how in FORMATS.items():
        try:
            written[suffix] = video(folder / f"a.{suffix}", pictures, **how).read_bytes()
        except (ValueError, OSError):  # this build cannot
            continue
    for suffix in ("jpg", "png"):
        written[suffix] = cv2.imencode(f".{suffix}", np.concatenate(pictures[:2]))[1].tobytes()
    assert len(written) >= 12
    return written


def survive(folder: Path, suffix: str, content: bytes) -> None:
    """Find, examine and read one file."""
    path = folder / f"a.{suffix}"
    path.write_bytes(content)
    rules = OriginRules.of("Asia/Tokyo")
    for found in find_footage([folder], rules):
        if not isinstance(found, FoundFootage):
            continue
        try:
            source = examine(found, rules, max_pixels=MAX_PIXELS)
            assert 1900 <= source.started_at.year <= 2200
            if source.kind == "crops":
                reader = CropReader(source, max_pixels=MAX_PIXELS)
                assert all(crop.image.shape[0] * crop.image.shape[1] <= MAX_PIXELS for crop in reader)
            else:
                read(path)
        except FootageError as error:
            told = str(error)
            if "unexpected" in told or str(folder) not in told:
                raise


def read(path: Path) -> None:
    with FootageReader(path, fps=1000, gate=MotionGate(0.001, 0.5), max_pixels=MAX_PIXELS) as reader:
        seconds = []
        try:
            for frame in reader:
                seconds.append(frame.seconds)
                assert frame.image.shape[0] * frame.image.shape[1] <= MAX_PIXELS
        finally:
            frames = reader.result.frames
            assert frames.decoded == frames.processed + frames.gated + frames.sampled_out
            assert frames.processed == len(seconds)
        assert all(before < after for before, after in itertools.pairwise(seconds))
        assert seconds[-1] < 12 * 8 * 24 * 3600


def try_seeds(originals: dict[str, bytes], folder: Path, first: int, count: int) -> None:
    suffixes = sorted(originals)
    for seed in range(first, first + count):
        suffix = suffixes[seed % len(suffixes)]
        place = folder / str(seed)
        place.mkdir()
        try:
            survive(place, suffix, mutate(originals[suffix], seed))
        except BaseException:
            print(f"seed {seed}, a .{suffix}: SURVEIL_MUTATIONS_SEED={seed}")
            raise


def test_a_few_mutated_files(originals, tmp_path):
    try_seeds(originals, tmp_path, 0, FEW)


@pytest.mark.slow
def test_many_mutated_files(originals, tmp_path):
    first = int(os.environ.get("SURVEIL_MUTATIONS_SEED") or random.SystemRandom().randrange(10**9))
    print(f"seeds {first} to {first + MANY - 1}")
    try_seeds(originals, tmp_path, first, MANY)
