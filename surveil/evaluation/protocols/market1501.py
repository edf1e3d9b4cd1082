"""Market-1501 from its official layout, a folder or the zips as they are, and its attribute annotations.

Zheng et al., "Scalable person re-identification: a benchmark", ICCV 2015; attributes by Lin et al., "Improving person
re-identification by attribute and identity learning", Pattern Recognition 95, 2019.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np
import scipy.io
from numpy.typing import NDArray
from scipy.io.matlab import MatReadError

from surveil.attributes import ATTRIBUTES, OUTPUTS
from surveil.errors import DatasetError, PictureError
from surveil.images import decode_picture
from surveil.market1501_names import CropName
from surveil.types import Floats, Image

ROOT = "Market-1501-v15.09.15"
FOLDERS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
ANNOTATIONS = "market_attribute.mat"

_LAYOUT = (
    f"Give the folder that holds {ROOT} (with {', '.join(FOLDERS.values())}), or its zip files as they come, or a zip."
)
_FIELDS = {
    "backpack": "backpack",
    "bag": "bag",
    "handbag": "handbag",
    "lower_type": "clothes",
    "lower_length": "down",
    "sleeve": "up",
    "hair": "hair",
    "hat": "hat",
    "gender": "gender",
    "upper_colour": "up",
    "lower_colour": "down",
    "age": "age",
}
"""How the annotation file calls our attributes; a colour's field is this prefix and the colour's label."""


@dataclass(frozen=True, eq=False)
class Split:
    """One of the three folders of crops, sorted by file name. All arrays are (N,) int64.

    Attributes:
        names: File names.
        encoded: The JPEG files, as they are on disk.
        ids: Identity; -1 is junk (badly cut boxes), 0 a distractor (background, and people nobody asks for).
        cameras: Camera, from 1.
        sequences: Recording sequence, from 1.
        frames: Frame number within the sequence.
    """

    names: tuple[str, ...]
    encoded: tuple[bytes, ...]
    ids: NDArray[np.int64]
    cameras: NDArray[np.int64]
    sequences: NDArray[np.int64]
    frames: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def images(self) -> Image:
        """All crops, (N, H, W, 3) BGR; decoded on first use, then kept (24 KB each)."""
        return self.decode(slice(None))

    def decode(self, rows: slice) -> Image:
        """Some of the crops, (n, H, W, 3) BGR, without keeping them.

        Raises:
            DatasetError: A crop is no picture, or they differ in size.
        """
        pictures: list[Image] = []
        for name, content in zip(self.names[rows], self.encoded[rows], strict=True):
            try:
                picture = decode_picture(content, name)
            except PictureError as error:
                raise DatasetError(error.what, name, "Copy the dataset again.") from None
            if pictures and picture.shape != pictures[0].shape:
                raise DatasetError(
                    f"expected a crop of {pictures[0].shape[1]}x{pictures[0].shape[0]} pixels like the others, "
                    f"found {picture.shape[1]}x{picture.shape[0]}",
                    name,
                    "Use the original crops.",
                )
            pictures.append(picture)
        return np.stack(pictures) if pictures else np.zeros((0, 128, 64, 3), np.uint8)

    def select(self, rows: NDArray[Any]) -> Split:
        """The split with only the rows of a boolean mask or an index array."""
        chosen = np.arange(len(self))[rows]
        return Split(
            tuple(self.names[row] for row in chosen),
            tuple(self.encoded[row] for row in chosen),
            self.ids[chosen],
            self.cameras[chosen],
            self.sequences[chosen],
            self.frames[chosen],
        )


def load_split(folder: Path, split: Literal["train", "query", "gallery"]) -> Split:
    """Read a split's files into memory (2.5 KB a crop), undecoded.

    Args:
        folder: Is or contains `Market-1501-v15.09.15`, or holds the zips, or is one; they are read without unpacking.
        split: Which of the three.

    Raises:
        DatasetError: The layout is another, a file name is not the dataset's, or a zip is damaged.
    """
    files = dict(sorted(_read_crops(folder, FOLDERS[split])))
    fields = [_parse(folder, split, name) for name in files]
    columns = np.asarray(fields, np.int64).T
    return Split(tuple(files), tuple(files.values()), *columns)


def _parse(folder: Path, split: str, name: str) -> tuple[int, ...]:
    crop = CropName.parse(name)
    if crop is None:
        raise DatasetError(
            f"expected crop names such as 0002_c1s1_000451_03.jpg, found {name}", folder / FOLDERS[split], _LAYOUT
        )
    return crop.identity, crop.camera, crop.sequence, crop.frame


def _read_crops(folder: Path, name: str) -> list[tuple[str, bytes]]:
    """(file name, content) of every crop of the folder `name`, unpacked or in a zip."""
    if folder.suffix == ".zip" and folder.is_file():
        if entries := _entries(folder, name):
            return list(_read_zip(folder, entries))
        raise DatasetError(f"expected {name}/ in it, found none", folder, _LAYOUT)
    if not folder.is_dir():
        raise DatasetError("not a folder", folder, _LAYOUT)
    unpacked = [path for path in (folder / name, folder / ROOT / name) if path.is_dir()]
    if unpacked:
        crops = [(path.name, path.read_bytes()) for path in unpacked[0].glob("[!.]*.jpg")]
        if not crops:
            raise DatasetError("expected crops (.jpg), found none", unpacked[0], _LAYOUT)
        return crops
    zips = [(path, entries) for path in sorted(folder.glob("*.zip")) if (entries := _entries(path, name))]
    if not zips:
        found = ", ".join(sorted(path.name for path in folder.iterdir())[:10]) or "nothing"
        raise DatasetError(f"expected {name}/ here, in {ROOT}/ or in a zip, found {found}", folder, _LAYOUT)
    if len(zips) > 1:
        names = ", ".join(path.name for path, _ in zips)
        raise DatasetError(f"expected {name}/ in one zip, found it in {names}", folder, "Give the one that is meant.")
    return list(_read_zip(*zips[0]))


def _entries(path: Path, name: str) -> list[str]:
    """The crops of folder `name` in a zip. Names with a leading dot are an archiver's notes, not pictures."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [PurePosixPath(entry) for entry in archive.namelist()]
    except (zipfile.BadZipFile, OSError) as error:
        raise DatasetError(f"not a readable zip ({error})", path, "Copy it again.") from error
    return [str(e) for e in entries if e.parent.name == name and e.suffix == ".jpg" and not e.name.startswith(".")]


def _read_zip(path: Path, entries: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for entry in entries:
            try:
                yield PurePosixPath(entry).name, archive.read(entry)
            except (zipfile.BadZipFile, zlib.error, OSError) as error:
                raise DatasetError(f"{entry} is damaged ({error})", path, "Copy it again.") from error


def split_identities(ids: NDArray[np.int64], share: float, seed: int) -> NDArray[np.bool_]:
    """(N,) true where an image belongs to a held-out identity; no identity is on both sides."""
    people = np.unique(ids)
    order = np.random.default_rng(seed).permutation(people)
    return np.isin(ids, order[: round(share * len(people))])


def find_attributes(folder: Path) -> Path | None:
    """The annotation file in the dataset's folder, or beside its zip; or None."""
    folder = folder.parent if folder.is_file() else folder
    places = (folder / ANNOTATIONS, folder / ROOT / ANNOTATIONS)
    return next((path for path in places if path.is_file()), None)


def load_attributes(folder: Path, part: Literal["train", "test"]) -> dict[int, Floats]:
    """The annotated attributes of each identity as (32,) float32 targets, 0 or 1, in the order of `OUTPUT_NAMES`.

    The annotations are per identity: a bag hidden in one picture is still "yes". An identity with no colour marked
    is multicolour.

    Raises:
        DatasetError: The annotation file is missing or is not the one published for Market-1501.
    """
    path = find_attributes(folder)
    if path is None:
        raise DatasetError(
            f"there is no {ANNOTATIONS}", folder, "Put the published Market-1501 attribute annotations there."
        )
    table = _read_table(path, part)
    ids = _identities(table, path)
    targets = np.zeros((len(ids), OUTPUTS), np.float32)
    for attribute in ATTRIBUTES:
        field = _FIELDS[attribute.name]
        if attribute.name == "age":
            codes = _codes(table, field, len(ids), len(attribute.labels), path)
            targets[np.arange(len(ids)), attribute.first + codes - 1] = 1
        elif attribute.exclusive:
            colours = [_codes(table, field + label, len(ids), 2, path) == 2 for label in attribute.labels[:-1]]
            marked = np.stack(colours, axis=1)
            if (marked.sum(axis=1) > 1).any():
                first = ids[int(marked.sum(axis=1).argmax())]
                raise DatasetError(f"expected at most one {attribute.name}, identity {first} has several", path)
            targets[:, attribute.outputs] = np.column_stack([marked, ~marked.any(axis=1)])
        else:
            targets[:, attribute.first] = _codes(table, field, len(ids), 2, path) == 2
    return dict(zip(ids, targets, strict=True))


def target_matrix(ids: NDArray[np.int64], attributes: Mapping[int, Floats]) -> Floats:
    """(N, 32) targets of images by their identities.

    Raises:
        DatasetError: An identity has no annotations.
    """
    missing = sorted(set(ids.tolist()) - set(attributes))
    if missing:
        shown = ", ".join(map(str, missing[:10])) + (", ..." if len(missing) > 10 else "")
        raise DatasetError(
            f"expected attributes of all {len(set(ids.tolist()))} identities, {len(missing)} have none: {shown}",
            ANNOTATIONS,
            "Use the crops and the annotations of the same split (train or test).",
        )
    return np.stack([attributes[int(identity)] for identity in ids]) if len(ids) else np.zeros((0, OUTPUTS), np.float32)


def _read_table(path: Path, part: str) -> Mapping[str, NDArray[Any]]:
    """The arrays of one part of the annotation file by field name."""
    try:
        content = scipy.io.loadmat(str(path), squeeze_me=True, struct_as_record=False)
        struct = getattr(content["market_attribute"], part)
        return {field: np.atleast_1d(getattr(struct, field)) for field in struct._fieldnames}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError, MatReadError) as error:
        raise DatasetError(
            f"expected a MATLAB file with market_attribute.{part}, found another ({error})", path, "Copy it again."
        ) from error


def _identities(table: Mapping[str, NDArray[Any]], path: Path) -> list[int]:
    try:
        ids = [int(identity) for identity in table["image_index"]]
    except (KeyError, ValueError, TypeError) as error:
        raise DatasetError(f"expected identities in the field image_index ({error})", path, "Copy it again.") from error
    if len(set(ids)) != len(ids):
        raise DatasetError("an identity is annotated twice", path, "Copy it again.")
    return ids


def _codes(table: Mapping[str, NDArray[Any]], field: str, count: int, highest: int, path: Path) -> NDArray[np.int64]:
    """The codes of one field, checked: `count` whole numbers from 1 to `highest`."""
    values = table.get(field)
    if values is None:
        raise DatasetError(f"expected the field {field}, found {', '.join(sorted(table))}", path, "Copy it again.")
    if len(values) != count:
        raise DatasetError(f"{field}: expected {count} values, found {len(values)}", path, "Copy it again.")
    if not np.isin(values, np.arange(1, highest + 1)).all():
        found = sorted(set(values.tolist()))
        raise DatasetError(f"{field}: expected codes from 1 to {highest}, found {found}", path, "Copy it again.")
    return values.astype(np.int64)
