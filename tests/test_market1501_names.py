import pytest

from surveil.market1501_names import DISTRACTOR, JUNK, CropName


@pytest.mark.parametrize(
    ("name", "crop"),
    [
        ("0002_c1s1_000451_03.jpg", CropName(2, 1, 1, 451)),
        ("0002_c1s1_000451_03", CropName(2, 1, 1, 451)),
        ("-1_c6s4_010860_02.jpg", CropName(JUNK, 6, 4, 10860)),
        ("0000_c3s3_064569_05.jpg.jpg", CropName(DISTRACTOR, 3, 3, 64569)),
        ("1501_c12s10_000001_00.jpg", CropName(1501, 12, 10, 1)),
    ],
)
def test_what_a_name_says(name, crop):
    assert CropName.parse(name) == crop


@pytest.mark.parametrize(
    "name", ["holiday.jpg", "2_c1s1_000451_03.jpg", "0002_c1s1_451_03.jpg", "0002_c1s1_000451_03.png"]
)
def test_other_names(name):
    assert CropName.parse(name) is None
