import cv2
import numpy as np
import pytest

from surveil.attributes import AGE, LOWER, UPPER
from surveil.errors import DatasetError
from surveil.evaluation.protocols.market1501 import split_identities
from training.datasets import PersonImages, join_sets, load_cuhk03, load_market1501


def people(ids):
    n = len(ids)
    return PersonImages(
        np.zeros((n, 8, 4, 3), np.uint8), np.array(ids), np.ones(n, np.int64), np.zeros((n, 32), np.float32)
    )


def test_no_identity_is_on_both_sides_of_the_split():
    ids = np.random.default_rng(0).integers(0, 100, 2000)
    held = split_identities(ids, 0.2, seed=0)
    assert len(np.unique(ids[held])) == 20
    assert not set(ids[held]) & set(ids[~held])
    np.testing.assert_array_equal(held, split_identities(ids, 0.2, seed=0))
    assert not np.array_equal(held, split_identities(ids, 0.2, seed=1))


def test_joined_sets_share_no_identity():
    joined = join_sets([people([5, 5, 9]), people([5, 7])])
    assert joined.ids.tolist() == [0, 0, 1, 2, 3]


def test_market1501_comes_with_its_attributes(shared_data):
    market = load_market1501(shared_data / "market1501", (128, 64))
    assert len(market) == 12936
    assert len(np.unique(market.ids)) == 751
    assert set(np.unique(market.cameras)) == set(range(1, 7))
    for group in (AGE, UPPER, LOWER):
        assert (market.targets[:, group].sum(1) == 1).all()


def test_cuhk03_has_two_cameras_and_no_attributes(shared_data):
    extra = load_cuhk03(shared_data / "cuhk03" / "detected.zip", (64, 32))
    assert extra.images.shape == (14097, 64, 32, 3)
    assert len(np.unique(extra.ids)) == 1467
    assert set(np.unique(extra.cameras)) == {0, 1}
    assert np.isnan(extra.targets).all()


def test_a_folder_that_is_not_cuhk03_is_refused(tmp_path):
    (tmp_path / "0001_c1.jpg").write_bytes(b"")
    with pytest.raises(DatasetError, match="NNNN_KK"):
        load_cuhk03(tmp_path, (128, 64))


def test_a_picture_of_far_too_many_pixels_is_not_decoded(tmp_path):
    (tmp_path / "0001_00.jpg").write_bytes(cv2.imencode(".png", np.zeros((10_000, 10_000), np.uint8))[1].tobytes())
    with pytest.raises(DatasetError, match=r"0001_00\.jpg: it has 10000 x 10000 pixels, and 50,000,000 are the limit"):
        load_cuhk03(tmp_path, (128, 64))


def test_a_broken_picture_is_named(tmp_path):
    (tmp_path / "0001_00.jpg").write_bytes(b"not a picture")
    with pytest.raises(DatasetError, match=r"0001_00\.jpg: not a readable picture"):
        load_cuhk03(tmp_path, (128, 64))
