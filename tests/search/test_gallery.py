"""What a match is worth among many candidates, against a gallery in which it is known who is who."""

import numpy as np
import pytest

from surveil.identities.cluster import cluster
from surveil.search.filters import Filters
from surveil.search.gallery import GallerySize, expected_false, gallery_of, in_gallery


def test_among_two_of_whom_one_is_meant_nothing_changes():
    assert in_gallery([0.1, 0.5, 0.9], GallerySize(2, 1.0)) == pytest.approx([0.1, 0.5, 0.9])


def test_among_many_a_match_is_worth_less_and_certainty_stays():
    few, many = (in_gallery([0.99], GallerySize(size, 1.0))[0] for size in (10, 100_000))
    assert 0.9 < few < 0.99
    assert many == pytest.approx(0.99 / (0.99 + 0.01 * 99_999))
    assert in_gallery([0.0, 1.0], GallerySize(1000, 1.0)) == [0.0, 1.0]


def test_the_expected_number_of_false_matches_comes_true():
    """Similarities of two normal distributions, whose calibration is known in closed form."""
    random = np.random.default_rng(1)
    candidates, same, shift = 20_000, 20, 4.0
    expected, happened = [], []
    for _ in range(40):
        is_same = np.arange(candidates) < same
        scores = random.normal(size=candidates) + shift * is_same
        pair = 1 / (1 + np.exp(shift**2 / 2 - shift * scores))  # of pairs of which half are the same
        best = np.argsort(-scores)[:30]
        among = in_gallery(pair[best].tolist(), GallerySize(candidates, same))
        expected.append(expected_false(among)[-1])
        happened.append(int((~is_same[best]).sum()))
    assert np.mean(expected) == pytest.approx(np.mean(happened), rel=0.1)


def test_the_size_of_a_gallery_follows_the_filters_and_the_identities(database, fill, made_up):
    person = np.eye(1, 544, dtype=np.float32)[0]
    fill([made_up(100 * i, embedding=person) for i in range(3)], camera="gate")
    fill([made_up(100 * i, embedding=person) for i in range(3)], camera="yard")
    with database.session() as session:
        assert gallery_of(session, Filters()) == GallerySize(6, 1.0), "before the first clustering"
    cluster(database, 0.5)
    with database.session() as session:
        assert gallery_of(session, Filters()) == GallerySize(6, 6.0)
        assert gallery_of(session, Filters(cameras=("gate",))) == GallerySize(3, 3.0)
