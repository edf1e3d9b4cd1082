"""Folders of crops: pictures of one person each, cut out elsewhere; camera and time are in their names, or nowhere.

Names like Market-1501's, `0002_c1s1_000451_03.jpg` (identity, camera, sequence, frame, box; Zheng et al. 2015), give a
camera `c1` and a time: frames count at 25 per second from the start of their sequence, and sequences, whose distance is
unknown, are laid two hours apart (the longest lasts 1.83 h). Identity -1 marks junk, which is skipped and counted.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Picture
from PIL import UnidentifiedImageError

from surveil.errors import FootageError
from surveil.footage.clock import Clock
from surveil.types import CropFile, FrameCounts, Image, Source

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})
MARKET_NAME = re.compile(r"(?P<identity>-1|\d{4})_c(?P<camera>\d+)s(?P<sequence>\d+)_(?P<frame>\d{6})_\d\d(?:\.jpg)?")
MARKET_FPS = 25
MARKET_SEQUENCE_SECONDS = 7200
LARGEST_CROP = 1024
"""Height in pixels above which a picture is taken for a scene, not a person."""
SAMPLED_PICTURES = 20


@dataclass(frozen=True, slots=True)
class FolderCrop:
    """A picture of a folder of crops with its time in seconds from the source's `started_at`."""

    seconds: float
    image: Image
    path: Path


class CropReader:
    """Reads the pictures of a source of kind "crops", one by one, in order of time.

    Attributes:
        counts: decoded = processed; unreadable pictures were not decoded.
        warnings: Junk skipped and pictures that cannot be read; complete when the iteration is.

    Raises:
        FootageError: After the iteration: no picture could be read.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.counts = FrameCounts()
        self.warnings: list[str] = []
        if source.skipped:
            self.warnings.append(f"{source.skipped} pictures are junk by their names (identity -1) and were skipped")

    @property
    def duration(self) -> float:
        """Seconds from the first picture to the last."""
        crops = self.source.crops
        return crops[-1].seconds - crops[0].seconds if crops else 0.0

    def __iter__(self) -> Iterator[FolderCrop]:
        bad: list[str] = []
        for crop in self.source.crops:
            image = _read(crop.path)
            if image is None:
                self.counts.unreadable += 1
                bad.append(crop.path.name)
                continue
            self.counts.decoded += 1
            self.counts.processed += 1
            yield FolderCrop(crop.seconds, image, crop.path)
        if bad:
            self.warnings.append(f"{len(bad)} pictures cannot be read: {_some(bad)}")
        if not self.counts.decoded:
            raise FootageError("none of its pictures can be read", self.source.path)


def holds_crops(pictures: Sequence[Path]) -> bool:
    """Whether most of these pictures are crops: by name, or small and upright. Looks at a few, spread evenly."""
    looked_at = pictures[:: max(1, len(pictures) // SAMPLED_PICTURES)]
    return sum(_looks_like_a_crop(picture) for picture in looked_at) * 2 > len(looked_at)


def crop_sources(
    folder: Path, pictures: Sequence[Path], clock: Clock, camera: str | None, start: datetime | None
) -> Iterator[Source | FootageError]:
    """One source per camera of a folder of crops.

    The camera is the flag's, the file name's (Market-1501's or by pattern), or the folder's name. Times are those of
    the names where all of a camera's pictures have one, else file times. Times of Market-1501 names have no date: they
    count from `start`, or else from the oldest file time in the folder.

    Args:
        folder: The folder.
        pictures: The pictures directly in it.
        clock: How names are to be read.
        camera: The flag, if given: one camera took them all.
        start: The flag, if given: the time of the first picture (Market-1501: of frame 0 of sequence 1).
    """
    readable, unreadable = [], []
    for picture in pictures:
        try:
            readable.append(_Crop.of(picture, clock, camera))
        except OSError as error:
            unreadable.append(f"{picture.name} ({error.strerror})")
    if unreadable:
        yield FootageError(f"{len(unreadable)} pictures cannot be read: {_some(unreadable)}", folder)
    oldest = min((crop.modified for crop in readable), default=datetime.now(UTC))
    cameras: dict[tuple[str, str], list[_Crop]] = defaultdict(list)
    for crop in readable:
        cameras[crop.camera, crop.camera_from].append(crop)
    for (name, name_from), crops in sorted(cameras.items()):
        kept = [crop for crop in crops if not crop.junk]
        if kept:
            begin = clock.to_utc(start, name) if start else None
            started_at, started_from, files = _times(kept, begin, oldest)
            digest = _digest(file.path for file in files)
            skipped = len(crops) - len(kept)
            yield Source(
                folder, "crops", name, name_from, started_at, started_from, digest, tuple(files), skipped
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Crop:
    path: Path
    camera: str
    camera_from: str
    modified: datetime
    named: datetime | None
    market_seconds: float | None
    junk: bool

    @staticmethod
    def of(path: Path, clock: Clock, camera: str | None) -> _Crop:
        modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        with path.open("rb"):  # whether it may be read shows now, not in the middle of the work
            pass
        name, named = clock.read_path(path)
        seconds, junk = None, False
        if market := MARKET_NAME.fullmatch(path.stem):
            name, junk = f"c{market['camera']}", market["identity"] == "-1"
            seconds = (int(market["sequence"]) - 1) * MARKET_SEQUENCE_SECONDS + int(market["frame"]) / MARKET_FPS
        if camera:
            return _Crop(path, camera, "flag", modified, named, seconds, junk)
        if name:
            return _Crop(path, name, "path", modified, named, seconds, junk)
        return _Crop(path, path.parent.name, "default", modified, named, seconds, junk)


def _times(
    crops: list[_Crop], start: datetime | None, oldest: datetime
) -> tuple[datetime, str, list[CropFile]]:  # fmt: skip
    """The time from which the crops' seconds count, where it was taken from, and the crops in order of time."""
    if all(crop.market_seconds is not None for crop in crops):
        begin, begin_from = oldest, "file time"
        seconds = [crop.market_seconds or 0.0 for crop in crops]
    else:
        named = [crop.named for crop in crops if crop.named is not None]
        begin_from = "path" if len(named) == len(crops) else "file time"
        times = named if begin_from == "path" else [crop.modified for crop in crops]
        begin = min(times)
        seconds = [(time - begin) / timedelta(seconds=1) for time in times]
    if start is not None:
        begin, begin_from = start, "flag"
    files = [CropFile(crop.path, at) for crop, at in zip(crops, seconds, strict=True)]
    return begin, begin_from, sorted(files, key=lambda file: (file.seconds, file.path.name))


def _digest(files: Iterable[Path]) -> str:
    """SHA-256 over names and contents: in a folder of crops the names hold camera and time."""
    whole = hashlib.sha256()
    for file in sorted(files):
        whole.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def _looks_like_a_crop(path: Path) -> bool:
    if MARKET_NAME.fullmatch(path.stem):
        return True
    try:
        with Picture.open(path) as picture:
            return picture.height <= LARGEST_CROP and picture.height >= 1.2 * picture.width
    except (OSError, UnidentifiedImageError, Picture.DecompressionBombError):
        return False


def _read(path: Path) -> Image | None:
    try:
        encoded = np.fromfile(path, np.uint8)
    except OSError:
        return None
    picture = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if encoded.size else None
    return None if picture is None else picture.astype(np.uint8, copy=False)


def _some(names: list[str], shown: int = 3) -> str:
    return ", ".join(names[:shown]) + (", ..." if len(names) > shown else "")
