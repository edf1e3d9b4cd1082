import zipfile

import cv2
import numpy as np
import pytest

from surveil.attributes import BY_NAME
from surveil.errors import DatasetError
from training.peta import load_peta, targets_of


def said(targets, name):
    """The label that targets give an attribute; None where it is unknown."""
    attribute = BY_NAME[name]
    values = targets[attribute.outputs]
    if np.isnan(values).any():
        return None
    return attribute.labels[int(values.argmax()) if attribute.exclusive else int(values[0])]


@pytest.mark.parametrize(
    ("names", "attribute", "label"),
    [
        ({"upperBodyLongSleeve"}, "sleeve", "long"),
        ({"upperBodyNoSleeve"}, "sleeve", "short"),
        ({"accessoryHat"}, "hat", "yes"),
        ({"personalMale"}, "hat", "no"),
        ({"personalMale"}, "gender", "male"),
        ({"lowerBodyLongSkirt"}, "lower_type", "dress"),
        ({"lowerBodyLongSkirt"}, "lower_length", "long"),
        ({"upperBodyGrey"}, "upper_colour", "gray"),
        ({"upperBodyGrey", "upperBodyRed"}, "upper_colour", "multicolour"),
    ],
)
def test_names_of_peta_become_our_labels(names, attribute, label):
    assert said(targets_of(frozenset(names)), attribute) == label


@pytest.mark.parametrize(
    ("names", "attribute"),
    [
        ({"personalMale"}, "sleeve"),
        ({"upperBodyLongSleeve", "upperBodyShortSleeve"}, "sleeve"),
        ({"upperBodyOrange"}, "upper_colour"),
        ({"carryingOther"}, "bag"),
        ({"personalLess60"}, "age"),
        ({"carryingPlasticBags"}, "handbag"),
    ],
)
def test_what_is_not_said_or_contradicts_itself_is_unknown_not_no(names, attribute):
    assert said(targets_of(frozenset(names)), attribute) is None


def test_a_part_is_read_by_the_numbers_its_files_begin_with(tmp_path):
    picture = cv2.imencode(".png", np.full((40, 20, 3), 90, np.uint8))[1].tobytes()
    with zipfile.ZipFile(tmp_path / "mit.zip", "w") as archive:
        archive.writestr("Label.txt", "7 personalMale accessoryHat\n9 personalFemale\n")
        for name in ("0007_a.png", "0009.png", "0011.png"):
            archive.writestr(name, picture)
    people = load_peta(tmp_path / "mit.zip", (8, 4))
    assert people.ids.tolist() == [7, 9]
    assert people.images.shape == (2, 8, 4, 3)
    assert [said(targets, "gender") for targets in people.targets] == ["male", "female"]
    assert [said(targets, "hat") for targets in people.targets] == ["yes", "no"]


def test_a_folder_without_annotations_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"no pictures that a Label\.txt describes"):
        load_peta(tmp_path, (8, 4))
