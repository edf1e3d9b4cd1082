"""Reading the dataset: from a folder, from zips, and what is said of a folder that is not the dataset."""

import shutil
import zipfile

import cv2
import numpy as np
import pytest

from surveil.attributes import BY_NAME, INDEPENDENT, LOWER, OUTPUT_NAMES, UPPER, decode
from surveil.errors import DatasetError
from surveil.evaluation.protocols.market1501 import ROOT, load_attributes, load_split, target_matrix


def zipped(folder, target, *names, extra=()):
    """Some of the dataset's folders in a zip, as they are in the published one."""
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            for path in (folder / ROOT / name).iterdir():
                archive.write(path, f"{ROOT}/{name}/{path.name}")
        for name, content in extra:
            archive.writestr(name, content)


def test_the_gallery_with_everything_its_names_say(market1501):
    gallery = load_split(market1501, "gallery")
    assert len(gallery) == 16
    assert gallery.names == tuple(sorted(gallery.names))
    row = gallery.names.index("0003_c2s2_000102_01.jpg")
    assert [a[row] for a in (gallery.ids, gallery.cameras, gallery.sequences, gallery.frames)] == [3, 2, 2, 102]
    assert (gallery.ids == -1).sum() == 2, "also the one whose suffix stands twice"
    assert (gallery.ids == 0).sum() == 2
    written = cv2.imread(str(market1501 / ROOT / "bounding_box_test" / gallery.names[row]))
    np.testing.assert_array_equal(gallery.images[row], written)
    np.testing.assert_array_equal(gallery.decode(slice(row, row + 1))[0], written)


def test_folder_inside_folder_and_zips_are_the_same(market1501, tmp_path):
    zips = tmp_path / "zips"
    zips.mkdir()
    zipped(market1501, zips / "train.zip", "bounding_box_train")
    notes = [("__MACOSX/bounding_box_test/._0001_c1s1_000001_00.jpg", b"no"), (f"{ROOT}/query/Thumbs.db", b"no")]
    zipped(market1501, zips / "test.zip", "query", "bounding_box_test", extra=notes)
    shutil.copy(market1501 / "market_attribute.mat", zips)
    assert load_split(zips / "test.zip", "query").encoded == load_split(zips, "query").encoded
    assert list(load_attributes(zips / "test.zip", "test")) == list(load_attributes(market1501, "test"))
    with pytest.raises(DatasetError, match="expected query/ in it"):
        load_split(zips / "train.zip", "query")
    for split in ("train", "query", "gallery"):
        outer, inner, packed = (load_split(place, split) for place in (market1501, market1501 / ROOT, zips))
        assert outer.names == inner.names == packed.names
        assert outer.encoded == inner.encoded == packed.encoded
        np.testing.assert_array_equal(outer.ids, packed.ids)


def test_select(market1501):
    gallery = load_split(market1501, "gallery")
    people = gallery.select(gallery.ids > 0)
    assert len(people) == 12
    assert min(people.ids) == 1
    picked = people.select(np.array([11, 0]))
    assert picked.names == (people.names[11], people.names[0])
    np.testing.assert_array_equal(picked.images, people.images[[11, 0]])


class TestWrongLayouts:
    def test_no_folder(self, tmp_path):
        with pytest.raises(DatasetError, match="not a folder"):
            load_split(tmp_path / "nowhere", "query")

    def test_another_folder(self, tmp_path):
        (tmp_path / "holiday.jpg").write_bytes(b"")
        with pytest.raises(DatasetError, match=r"expected query/ .* found holiday\.jpg"):
            load_split(tmp_path, "query")

    def test_empty_folder(self, market1501):
        shutil.rmtree(market1501 / ROOT / "query")
        (market1501 / ROOT / "query").mkdir()
        with pytest.raises(DatasetError, match="expected crops"):
            load_split(market1501, "query")

    def test_other_names(self, market1501):
        (market1501 / ROOT / "query" / "0001_00.jpg").write_bytes(b"")
        with pytest.raises(DatasetError, match=r"found 0001_00\.jpg"):
            load_split(market1501, "query")

    def test_the_same_folder_in_two_zips(self, market1501, tmp_path):
        zipped(market1501, tmp_path / "a.zip", "query")
        zipped(market1501, tmp_path / "b.zip", "query")
        with pytest.raises(DatasetError, match=r"in one zip, found it in a\.zip, b\.zip"):
            load_split(tmp_path, "query")

    def test_not_a_zip(self, tmp_path):
        (tmp_path / "train.zip").write_bytes(b"not a zip")
        with pytest.raises(DatasetError, match=r"train\.zip: not a readable zip"):
            load_split(tmp_path, "train")

    def test_damaged_zip(self, market1501, tmp_path):
        path = tmp_path / "query.zip"
        zipped(market1501, path, "query")
        content = bytearray(path.read_bytes())
        content[400] ^= 0xFF  # within the first picture
        path.write_bytes(content)
        with pytest.raises(DatasetError, match="is damaged"):
            load_split(tmp_path, "query")

    def test_not_a_picture(self, market1501):
        for content in (b"", b"not a picture"):
            (market1501 / ROOT / "query" / "0002_c1s1_000001_00.jpg").write_bytes(content)
            with pytest.raises(DatasetError, match=r"0002_c1s1_000001_00\.jpg: not a readable picture"):
                load_split(market1501, "query").decode(slice(None))

    def test_another_size(self, market1501):
        cv2.imwrite(str(market1501 / ROOT / "query" / "0002_c1s1_000001_00.jpg"), np.zeros((128, 48, 3), np.uint8))
        with pytest.raises(DatasetError, match="64x128 pixels like the others, found 48x128"):
            load_split(market1501, "query").decode(slice(None))


class TestAttributes:
    def test_every_code(self, market1501, annotate_market1501):
        """Codes as the annotations define them, written out one by one."""
        changes = {
            1: ({"age": 2}, ("age", "teenager")),
            2: ({"backpack": 2}, ("backpack", "yes")),
            3: ({"bag": 2}, ("bag", "yes")),
            4: ({"handbag": 2}, ("handbag", "yes")),
            5: ({"clothes": 2}, ("lower_type", "pants")),
            6: ({"down": 2}, ("lower_length", "short")),
            7: ({"up": 2}, ("sleeve", "short")),
            8: ({"hair": 2}, ("hair", "long")),
            9: ({"hat": 2}, ("hat", "yes")),
            10: ({"gender": 2}, ("gender", "female")),
            11: ({"upgreen": 2}, ("upper_colour", "green")),
            12: ({"downbrown": 2}, ("lower_colour", "brown")),
            13: ({"age": 4}, ("age", "old")),
        }
        plain = {
            "age": "young",
            "backpack": "no",
            "bag": "no",
            "handbag": "no",
            "lower_type": "dress",
            "lower_length": "long",
            "sleeve": "long",
            "hair": "short",
            "hat": "no",
            "gender": "male",
            "upper_colour": "multicolour",
            "lower_colour": "multicolour",
        }
        annotate_market1501(market1501, test={i: codes for i, (codes, _) in changes.items()}, train={1: {}, 2: {}})
        targets = load_attributes(market1501, "test")
        for identity, (_, (name, label)) in changes.items():
            values = {attribute: value.label for attribute, value in decode(targets[identity]).items()}
            assert values == plain | {name: label}

    def test_one_identity_and_the_other_part(self, market1501, annotate_market1501):
        annotate_market1501(market1501, test={3: {"hat": 2}}, train={7: {}, 8: {"gender": 2}})
        assert list(load_attributes(market1501, "test")) == [3]
        assert list(load_attributes(market1501, "train")) == [7, 8]

    def test_targets_of_images(self, market1501, annotate_market1501):
        annotate_market1501(market1501, test={1: {}, 2: {"hat": 2}})
        targets = target_matrix(np.array([2, 1, 2]), load_attributes(market1501, "test"))
        assert targets[:, BY_NAME["hat"].first].tolist() == [1, 0, 1]

    def test_an_identity_without_annotations(self, market1501):
        with pytest.raises(DatasetError, match="all 3 identities, 2 have none: 7, 99"):
            target_matrix(np.array([1, 99, 7, 7]), load_attributes(market1501, "test"))

    def test_no_file(self, market1501):
        (market1501 / "market_attribute.mat").unlink()
        with pytest.raises(DatasetError, match=r"no market_attribute\.mat"):
            load_attributes(market1501, "test")

    @pytest.mark.parametrize("content", [b"", b"no MATLAB file", b"\0" * 500])
    def test_another_file(self, market1501, content):
        (market1501 / "market_attribute.mat").write_bytes(content)
        with pytest.raises(DatasetError, match=r"expected a MATLAB file with market_attribute\.test"):
            load_attributes(market1501, "test")

    def test_codes_that_do_not_exist(self, market1501, annotate_market1501):
        annotate_market1501(market1501, test={1: {"hat": 3}, 2: {}})
        with pytest.raises(DatasetError, match=r"hat: expected codes from 1 to 2, found \[1, 3\]"):
            load_attributes(market1501, "test")

    def test_two_colours(self, market1501, annotate_market1501):
        annotate_market1501(market1501, test={1: {}, 2: {"upred": 2, "upblue": 2}})
        with pytest.raises(DatasetError, match="at most one upper_colour, identity 2 has several"):
            load_attributes(market1501, "test")


def test_the_published_annotations(shared_data):
    folder = shared_data / "market1501"
    for part, people, no_upper, no_lower in (("train", 751, 78, 30), ("test", 750, 69, 44)):
        targets = np.stack(list(load_attributes(folder, part).values()))
        assert targets.shape == (people, 32)
        assert (targets[:, UPPER].sum(1) == 1).all()
        assert (targets[:, LOWER].sum(1) == 1).all()
        assert targets[:, UPPER][:, -1].sum() == no_upper
        assert targets[:, LOWER][:, -1].sum() == no_lower
    # Figures of the test part that are published: a hat on 3.1 %, short sleeves on 94 %.
    shares = dict(zip(OUTPUT_NAMES[INDEPENDENT], targets[:, INDEPENDENT].mean(0), strict=True))
    assert shares["hat"] == pytest.approx(23 / 750)
    assert shares["sleeve_short"] == pytest.approx(705 / 750)


def test_the_published_crops(shared_data):
    sample = shared_data / "market1501" / "test_sample.zip"
    query, gallery = (load_split(sample, split) for split in ("query", "gallery"))
    assert (len(query), len(gallery)) == (443, 2696)
    assert set(query.ids.tolist()) <= set(gallery.ids.tolist())
    assert query.decode(slice(10)).shape == (10, 128, 64, 3)
    target_matrix(query.ids, load_attributes(sample, "test"))
