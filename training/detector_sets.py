"""Pictures for training and measuring the detector: folders that `label` wrote, and zips of annotated pictures.

A zip holds images/NAME.jpg, labels/NAME.txt (one person a line: "0 cx cy w h", parts of 1) and ignore/NAME.txt (regions
that may or may not be a person, likewise). Part of it is kept for validation: a third of the pictures, chosen by the
hash of their names; where neighbouring frames of one place look alike, whole places.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from surveil.errors import DatasetError, PictureError
from surveil.images import decode_picture
from surveil.types import Floats, Image
from training.detector_labels import read_labels

PARTS = ("train", "validation")
HELD_OUT_PLACES = {"capston2_indoor": re.compile(r"clip|output|frame_\d{3}$")}
"""By the name of a zip, which of its pictures show a place kept for validation: a lobby, an open-plan office."""
HELD_OUT_SHARE = 3
"""Of other zips, one picture in so many is kept for validation."""


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """A decoded picture (H, W, 3), its people (N, 4), and regions (K, 4) that may be a person or not."""

    image: Image
    boxes: Floats
    ignore: Floats

    @property
    def is_empty(self) -> bool:
        """Whether it certainly shows nobody."""
        return not len(self.boxes) and not len(self.ignore)


def load_pictures(path: Path, part: str | None) -> list[LabelledPicture]:
    """The pictures of one part ("train", "validation", or None for all) of a labelled folder or a zip.

    Raises:
        DatasetError: The labels or a picture cannot be read, or no picture is of this part.
    """
    pictures = _of_zip(path, part) if path.suffix == ".zip" else _of_folder(path, part)
    if not pictures:
        raise DatasetError(f"no picture of the part {part!r}", path, "Label more frames.")
    return pictures


def _of_folder(folder: Path, part: str | None) -> list[LabelledPicture]:
    return [
        LabelledPicture(_decoded(folder / label.file, Path.read_bytes), _boxes(label.boxes), _boxes(label.ignore))
        for label in read_labels(folder)
        if part in (None, label.part)
    ]


def _of_zip(path: Path, part: str | None) -> list[LabelledPicture]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [
                PurePosixPath(name) for name in archive.namelist() if name.startswith("images/") and name[-1] != "/"
            ]
            return [
                _annotated(archive, name) for name in sorted(names) if part in (None, part_of(path.stem, name.stem))
            ]
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise DatasetError(
            f"no zip of annotated pictures ({error})", path, "It holds images/*.jpg and labels/*.txt."
        ) from error


def part_of(zip_name: str, picture: str) -> str:
    """Whether a picture of a zip, each by its name without ending, is for training or for validation."""
    if zip_name in HELD_OUT_PLACES:
        return PARTS[HELD_OUT_PLACES[zip_name].match(picture) is not None]
    return PARTS[int(hashlib.sha256(picture.encode()).hexdigest(), 16) % HELD_OUT_SHARE == 0]


def _annotated(archive: zipfile.ZipFile, name: PurePosixPath) -> LabelledPicture:
    image = _decoded(name, lambda path: archive.read(str(path)))
    height, width = image.shape[:2]
    people, ignore = (
        _of_shares(archive.read(f"{folder}/{name.stem}.txt").decode()) * np.array([width, height] * 2, np.float32)
        for folder in ("labels", "ignore")
    )
    return LabelledPicture(image, people, ignore)


def _of_shares(text: str) -> Floats:
    """Boxes (N, 4) in parts of the picture from lines of "class cx cy w h"."""
    rows = _boxes([[float(value) for value in line.split()[1:]] for line in text.splitlines() if line.strip()])
    return np.concatenate([rows[:, :2] - rows[:, 2:] / 2, rows[:, :2] + rows[:, 2:] / 2], 1)


def _decoded(path: Path | PurePosixPath, read: Callable[..., bytes]) -> Image:
    try:
        return decode_picture(read(path), str(path))
    except OSError as error:
        raise DatasetError(f"cannot be read ({error.strerror})", str(path), "Label the clips again.") from error
    except PictureError as error:
        raise DatasetError(error.what, str(path), "Label the clips again.") from error


def _boxes(values: list[list[float]]) -> Floats:
    return np.array(values, np.float32).reshape(-1, 4)
