"""Folders of crops: pictures of one person each, cut out elsewhere; camera and time are in their names, or nowhere.

Names like Market-1501's, `0002_c1s1_000451_03.jpg` (identity, camera, sequence, frame, box; Zheng et al. 2015), give a
camera `c1` and a time: frames count at 25 per second from the start of their sequence, and sequences, whose distance is
unknown, are laid two hours apart (the longest lasts 1.83 h). Identity -1 marks junk, which is skipped and counted.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from surveil.errors import FootageError, FootageReadError, PictureError
from surveil.files import is_reachable
from surveil.footage.origin import OriginRules, file_time
from surveil.formatting import printable
from surveil.images import MAX_PIXELS, picture_size, read_picture
from surveil.market1501_names import JUNK, CropName
from surveil.patience import Beat
from surveil.types import CropFile, FootageWarning, FoundFootage, FrameCounts, Image, PassedOver, ReadResult, Source

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})
MARKET_FPS = 25
MARKET_SEQUENCE_SECONDS = 7200
MAX_CROP_HEIGHT = 1024
"""Height in pixels above which a picture is taken for a scene, not a person."""
SAMPLED_PICTURES = 20
SHOWN_NAMES = 3


@dataclass(frozen=True, slots=True)
class FolderCrop:
    """A picture of a folder of crops, its number among its source's, and its time from the `started_at`, in seconds."""

    index: int
    seconds: float
    image: Image
    path: Path


class CropReader:
    """Reads the pictures of a source of kind "crops", one by one, in order of time.

    Attributes:
        result: Counts and warnings so far: decoded = processed; unreadable pictures were not decoded.

    Args:
        source: The folder of crops.
        max_pixels: So many pixels may a picture have; a larger one counts as unreadable.
        after: Number of a picture; those up to it were read before, and are counted but not read again.
        unreadable: The numbers of those among them that could not be read.

    Raises:
        FootageReadError: A file cannot be read, or is gone.
        FootageError: After the iteration: no picture could be read.
    """

    def __init__(
        self, source: Source, *, max_pixels: int = MAX_PIXELS, after: int = -1, unreadable: Sequence[int] = ()
    ) -> None:
        self.source, self._max_pixels, self._after = source, max_pixels, after
        self._unreadable = list(unreadable)
        self._processed = after + 1 - len(self._unreadable)

    @property
    def result(self) -> ReadResult:
        """What reading came to so far; the duration is that from the first picture to the last."""
        crops, bad, warnings = self.source.crops, self._unreadable, []
        if self.source.skipped:
            warnings.append(FootageWarning("junk_skipped", detail={"pictures": self.source.skipped}))
        if bad:
            names = [printable(crops[index].path.name) for index in bad[:SHOWN_NAMES]]
            detail = {"pictures": len(bad), "names": names}
            warnings.append(FootageWarning("unreadable_pictures", detail=detail))
        frames = FrameCounts(decoded=self._processed, processed=self._processed, unreadable=len(bad))
        duration = crops[-1].seconds - crops[0].seconds if crops else 0.0
        return ReadResult(frames, duration, tuple(warnings))

    def __iter__(self) -> Iterator[FolderCrop]:
        for index, crop in enumerate(self.source.crops[self._after + 1 :], start=self._after + 1):
            try:
                image = read_picture(crop.path, max_pixels=self._max_pixels)
            except PictureError:
                self._unreadable.append(index)
                continue
            except OSError as error:
                why = f"cannot be read: {error.strerror or error}"
                raise FootageReadError(why, crop.path, "It will be tried again by the next ingest.") from error
            self._processed += 1
            yield FolderCrop(index, crop.seconds, image, crop.path)
        if not self._processed:
            raise FootageError("none of its pictures can be read", self.source.path)

    def unreadable(self, last: int) -> list[int]:
        """The numbers of the pictures up to one that could not be read."""
        return [index for index in self._unreadable if index <= last]


def holds_crops(pictures: Sequence[Path]) -> bool:
    """Whether most of these pictures are crops: by name, or small and upright. Looks at a few, spread evenly."""
    looked_at = pictures[:: max(1, len(pictures) // SAMPLED_PICTURES)]
    return sum(_looks_like_a_crop(picture) for picture in looked_at) * 2 > len(looked_at)


def find_crops(
    folder: Path, pictures: Sequence[Path], rules: OriginRules
) -> Iterator[FoundFootage | PassedOver | FootageError]:
    """One piece of footage per camera of a folder of crops.

    The camera is the flag's, the file name's (Market-1501's or by pattern), or the folder's name.

    Args:
        folder: The folder.
        pictures: The pictures directly in it.
        rules: How to tell cameras.
    """
    unreadable = []
    cameras: dict[tuple[str, str], list[tuple[Path, os.stat_result]]] = defaultdict(list)
    for picture in pictures:
        try:
            status = picture.stat()
            if not stat.S_ISREG(status.st_mode):  # whoever opened a pipe would wait
                raise OSError(errno.EINVAL, "not a file")
            if not os.access(picture, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            unreadable.append(f"{picture.name} ({error.strerror})")
        else:
            cameras[_camera_of(picture, rules)].append((picture, status))
    if unreadable:
        yield FootageError(f"{len(unreadable)} pictures cannot be read: {_some(unreadable)}", folder)
    changed = folder.stat().st_mtime_ns
    for (name, name_from), members in sorted(cameras.items()):
        paths = tuple(picture for picture, _ in members)
        if all(_is_junk(picture) for picture in paths):
            yield from (PassedOver(picture, "junk by its name (identity -1)") for picture in paths)
            continue
        size = sum(status.st_size for _, status in members)
        latest = max(changed, *(status.st_mtime_ns for _, status in members))
        yield FoundFootage(folder, "crops", name, name_from, size, latest, paths)


def time_crops(found: FoundFootage, rules: OriginRules, beat: Beat) -> tuple[datetime, str, list[CropFile]]:
    """The time from which a folder's crops count, where it was taken from, and the crops in order of time, but junk.

    Times are those of the names where all pictures have one, else file times. Times of Market-1501 names have no date:
    they count from the flag's start, or else from the oldest file time in the folder, whatever the camera, so that
    cameras stay in step.

    Raises:
        FootageReadError: A picture is gone, or may not be read.
    """
    crops = [picture for picture in found.pictures if not _is_junk(picture)]
    market = [_market_seconds(picture) for picture in crops]
    named = [rules.read_path(picture)[1] for picture in crops]
    by_file = False
    if None not in market:
        begin, begin_from = _oldest(found.path, beat), "file time"
        seconds = [at or 0.0 for at in market]
    else:
        by_file = None in named
        begin_from = "file time" if by_file else "path"
        times = [_modified(picture, beat) for picture in crops] if by_file else [time for time in named if time]
        begin = min(times)
        seconds = [(time - begin) / timedelta(seconds=1) for time in times]
    if rules.start is not None:
        begin = rules.to_utc(rules.start, found.camera)
        begin_from = "file time" if by_file else "flag"
    files = [CropFile(picture, at) for picture, at in zip(crops, seconds, strict=True)]
    return begin, begin_from, sorted(files, key=lambda file: (file.seconds, file.path.name))


def _camera_of(picture: Path, rules: OriginRules) -> tuple[str, str]:
    market = CropName.parse(picture.stem)
    if market and not rules.camera:
        return f"c{market.camera}", "path"
    name, name_from = rules.camera_of(picture)
    return (picture.parent.name, "default") if name_from == "default" else (name, name_from)


def _is_junk(picture: Path) -> bool:
    market = CropName.parse(picture.stem)
    return market is not None and market.identity == JUNK


def _market_seconds(picture: Path) -> float | None:
    market = CropName.parse(picture.stem)
    if market is None:
        return None
    return (market.sequence - 1) * MARKET_SEQUENCE_SECONDS + market.frame / MARKET_FPS


def _modified(picture: Path, beat: Beat) -> datetime:
    beat()
    try:
        return file_time(picture, picture.stat().st_mtime)
    except OSError as error:
        raise FootageReadError(f"cannot be read: {error.strerror or error}", picture) from error


def _oldest(folder: Path, beat: Beat) -> datetime:
    pictures = (path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES and is_reachable(path))
    return min(_modified(picture, beat) for picture in pictures)


def _looks_like_a_crop(path: Path) -> bool:
    if CropName.parse(path.stem):
        return True
    size = picture_size(path) if is_reachable(path) and path.is_file() else None
    if size is None:
        return False
    height, width = size
    return height <= MAX_CROP_HEIGHT and height >= 1.2 * width


def _some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN_NAMES]) + (", ..." if len(names) > SHOWN_NAMES else "")
