"""PETA: people of other places with 61 annotated attributes (Deng et al., ACM MM 2014), in our attribute table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from surveil.attributes import BY_NAME, OUTPUTS
from surveil.errors import DatasetError
from surveil.types import Floats
from training.datasets import PersonImages, decode_member, read_files, resized

_PICTURES = (".jpg", ".png", ".bmp")


@dataclass(frozen=True, slots=True)
class _Rule:
    """What PETA's names say of one attribute.

    Attributes:
        labels: For each of our labels the names any of which means it.
        otherwise: The label where none of them was given; None: not known.
        unless: Names that leave open what would follow from none being given.
    """

    labels: dict[str, frozenset[str]]
    otherwise: str | None = None
    unless: frozenset[str] = frozenset()


def _names(part: str, *kinds: str) -> frozenset[str]:
    return frozenset(part + kind for kind in kinds)


_CARRIED = _names("carrying", "MessengerBag", "PlasticBags", "Suitcase", "LuggageCase", "Other")
# Left out, for they mean something else: years (Market-1501's people were sorted by looks on a campus, its "teenager"
# is the student) and plastic bags (no handbags). Heads that learned from them were less often right than they claimed.
_RULES = {
    "backpack": _Rule({"yes": _names("carrying", "Backpack")}, otherwise="no"),
    "bag": _Rule({"yes": _names("carrying", "MessengerBag")}, otherwise="no", unless=_CARRIED),
    "lower_type": _Rule(
        {
            "dress": _names("lowerBody", "ShortSkirt", "LongSkirt"),
            "pants": _names("lowerBody", "Trousers", "Jeans", "Shorts", "Suits", "Capri", "HotPants"),
        }
    ),
    "lower_length": _Rule(
        {
            "long": _names("lowerBody", "Trousers", "Jeans", "Suits", "LongSkirt"),
            "short": _names("lowerBody", "Shorts", "ShortSkirt", "HotPants"),
        }
    ),
    "sleeve": _Rule(
        {
            "long": _names("upperBody", "LongSleeve"),
            "short": _names("upperBody", "ShortSleeve", "NoSleeve"),
        }
    ),
    "hair": _Rule({"short": _names("hair", "Short", "Bald"), "long": _names("hair", "Long")}),
    "hat": _Rule({"yes": _names("accessory", "Hat")}, otherwise="no"),
    "gender": _Rule({"male": _names("personal", "Male"), "female": _names("personal", "Female")}),
}
_COLOURS = ("Black", "White", "Red", "Pink", "Purple", "Yellow", "Grey", "Blue", "Green", "Brown", "Orange")


def targets_of(names: frozenset[str]) -> Floats:
    """(32,) outputs that these annotations say; NaN where they say nothing of what we ask.

    Two colours of one garment are our "multicolour"; a single colour that we have no label for leaves all of them open.
    """
    targets = np.full(OUTPUTS, np.nan, np.float32)
    for name, rule in _RULES.items():
        said = [label for label, meaning in rule.labels.items() if meaning & names]
        if not said and rule.otherwise and not rule.unless & names:
            said = [rule.otherwise]
        if len(said) == 1:
            _write(targets, name, said[0])
    for name, part in (("upper_colour", "upperBody"), ("lower_colour", "lowerBody")):
        colours = [colour for colour in _COLOURS if part + colour in names]
        label = colours[0].lower().replace("grey", "gray") if len(colours) == 1 else "multicolour"
        if colours and label in BY_NAME[name].labels:
            _write(targets, name, label)
    return targets


def _write(targets: Floats, name: str, label: str) -> None:
    attribute = BY_NAME[name]
    place = attribute.labels.index(label)
    if attribute.exclusive:
        targets[attribute.outputs] = 0
        targets[attribute.first + place] = 1
    else:
        targets[attribute.first] = place


def load_peta(path: Path, size: tuple[int, int]) -> PersonImages:
    """One part of PETA: pictures and Label.txt, whose lines begin with the number of a picture or of a person.

    Every person is taken to have been seen by one camera.

    Args:
        path: A folder, or a zip.
        size: (height, width) in pixels.

    Raises:
        DatasetError: Label.txt is missing, names nobody of the pictures, or a picture cannot be read.
    """
    files = dict(read_files(path))
    lines = files.get("Label.txt", b"").decode("utf-8", "replace").splitlines()
    said = {_number(line): targets_of(frozenset(line.split()[1:])) for line in lines if line.strip()}
    pictures = [name for name in files if name.lower().endswith(_PICTURES) and _number(name) in said]
    if not pictures:
        raise DatasetError("no pictures that a Label.txt describes", path, "Give a folder or zip of one part of PETA.")
    ids = np.array([_number(name) for name in pictures], np.int64)
    images = resized((decode_member(files[name], path / name) for name in pictures), size)
    return PersonImages(images, ids, np.zeros(len(ids), np.int64), np.stack([said[int(number)] for number in ids]))


def _number(text: str) -> int:
    """The number that a line or a file name begins with; -1 where there is none."""
    found = re.match(r"\d+", text)
    return int(found.group()) if found else -1
