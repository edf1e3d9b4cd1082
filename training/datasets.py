"""What a run learns from: images decoded once and kept in memory, with identities, cameras and attributes."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from surveil.attributes import ATTRIBUTES, OUTPUTS
from surveil.errors import DatasetError, PictureError
from surveil.evaluation.protocols.market1501 import load_attributes, load_split, target_matrix
from surveil.images import decode_picture
from surveil.model.embed import resize
from surveil.types import Floats

_RENDER = "Run `python -m tools.sample_data.crops`."
_CUHK03_NAME = re.compile(r"(\d{4})_(\d{2})\.jpg")


@dataclass(frozen=True, slots=True)
class Lessons:
    """What better networks say of N images; see `training.teachers`.

    Attributes:
        embeddings: (N, D) of unit length; the dot product of two is the mean of the teachers' cosines.
        attributes: (N, 32) probabilities.
    """

    embeddings: Floats
    attributes: Floats

    def of(self, chosen: NDArray[np.bool_]) -> Lessons:
        """Those of the images for which `chosen` (N,) is true."""
        return Lessons(self.embeddings[chosen], self.attributes[chosen])


@dataclass(frozen=True, slots=True)
class PersonImages:
    """N images of known people.

    Attributes:
        images: (N, H, W, 3) uint8 BGR.
        ids: (N,) int64 identities.
        cameras: (N,) int64 cameras.
        targets: (N, 32) the outputs as they should be (0 or 1); NaN where the attributes are not known.
        lessons: What teachers say of them, where any were asked.
    """

    images: NDArray[np.uint8]
    ids: NDArray[np.int64]
    cameras: NDArray[np.int64]
    targets: Floats
    lessons: Lessons | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def of(self, chosen: NDArray[np.bool_]) -> PersonImages:
        """The images for which `chosen` (N,) is true."""
        return PersonImages(
            self.images[chosen],
            self.ids[chosen],
            self.cameras[chosen],
            self.targets[chosen],
            self.lessons and self.lessons.of(chosen),
        )


def join_sets(sets: Sequence[PersonImages]) -> PersonImages:
    """Several sets as one; identities are renumbered so that those of different sets differ. Lessons are kept if every
    set has some.
    """
    ids, first = [], 0
    for part in sets:
        _, numbers = np.unique(part.ids, return_inverse=True)
        ids.append(numbers.astype(np.int64) + first)
        first += int(numbers.max()) + 1
    lessons = [part.lessons for part in sets if part.lessons]
    return PersonImages(
        np.concatenate([part.images for part in sets]),
        np.concatenate(ids),
        np.concatenate([part.cameras for part in sets]),
        np.concatenate([part.targets for part in sets]),
        _join_lessons(lessons) if len(lessons) == len(sets) else None,
    )


def _join_lessons(lessons: Sequence[Lessons]) -> Lessons:
    return Lessons(
        np.concatenate([part.embeddings for part in lessons]), np.concatenate([part.attributes for part in lessons])
    )


def load_market1501(folder: Path, size: tuple[int, int]) -> PersonImages:
    """The train folder with its attributes, at (height, width) pixels.

    Raises:
        DatasetError: Crops or annotations are missing or are not those of Market-1501.
    """
    split = load_split(folder, "train")
    targets = target_matrix(split.ids, load_attributes(folder, "train"))
    return PersonImages(resized(split.images, size), split.ids, split.cameras, targets)


def load_cuhk03(path: Path, size: tuple[int, int]) -> PersonImages:
    """CUHK03's detected crops (Li et al., CVPR 2014) named NNNN_KK.jpg: KK 00-04 one camera, 05-09 the other.

    Args:
        path: A folder of them, or a zip.
        size: (height, width) in pixels.

    Raises:
        DatasetError: There is no such crop, or one is no picture.
    """
    files = {name: content for name, content in read_files(path) if _CUHK03_NAME.fullmatch(name)}
    if not files:
        raise DatasetError("no crops named NNNN_KK.jpg", path, "Give the folder or zip of CUHK03's detected crops.")
    numbers = np.array([[int(part) for part in name[:-4].split("_")] for name in files], np.int64)
    pictures = [decode_member(content, path / name) for name, content in files.items()]
    unknown = np.full((len(files), OUTPUTS), np.nan, np.float32)
    return PersonImages(resized(pictures, size), numbers[:, 0], numbers[:, 1] // 5, unknown)


def load_rendered(folder: Path, size: tuple[int, int]) -> PersonImages:
    """Rendered people as `python -m tools.sample_data.crops` writes them: NNNN_cC_KK.jpg and attributes.json.

    Raises:
        DatasetError: The folder holds something else.
    """
    try:
        attributes = json.loads((folder / "attributes.json").read_text())
    except (OSError, ValueError) as error:
        raise DatasetError(f"no attributes.json ({error})", folder, _RENDER) from error
    files = [path for path in sorted(folder.glob("*_c*_*.jpg")) if path.name[:4] in attributes]
    if not files:
        raise DatasetError("no crops named NNNN_cC_KK.jpg", folder, _RENDER)
    pictures = [decode_member(path.read_bytes(), path) for path in files]
    targets = np.stack([_targets(attributes[path.name[:4]]) for path in files])
    people, cameras = (np.array([int(path.name[part]) for path in files]) for part in (slice(4), slice(6, 7)))
    return PersonImages(resized(pictures, size), people, cameras, targets)


def _targets(labels: dict[str, str]) -> Floats:
    """(32,) outputs that say just these labels."""
    targets = np.zeros(OUTPUTS, np.float32)
    for attribute in ATTRIBUTES:
        label = attribute.labels.index(labels[attribute.name])
        if attribute.exclusive:
            targets[attribute.first + label] = 1
        else:
            targets[attribute.first] = label
    return targets


def read_files(path: Path) -> Iterable[tuple[str, bytes]]:
    """Name and content of the files of a folder or of a zip, in order.

    Raises:
        DatasetError: It is neither.
    """
    if path.is_dir():
        yield from ((file.name, file.read_bytes()) for file in sorted(path.iterdir()) if file.is_file())
        return
    try:
        with zipfile.ZipFile(path) as archive:
            yield from ((Path(entry).name, archive.read(entry)) for entry in sorted(archive.namelist()))
    except (zipfile.BadZipFile, OSError) as error:
        raise DatasetError(f"not a readable zip ({error})", path, "Copy it again.") from error


def decode_member(content: bytes, path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) BGR of a picture's bytes.

    Raises:
        DatasetError: They are no picture; `path` is named.
    """
    try:
        return decode_picture(content, path)
    except PictureError as error:
        raise DatasetError(error.what, path, "Copy the dataset again.") from error


def resized(pictures: Iterable[NDArray[np.uint8]], size: tuple[int, int]) -> NDArray[np.uint8]:
    """(N, *size, 3) pictures of one size."""
    return np.stack([resize(picture, *size) for picture in pictures])
