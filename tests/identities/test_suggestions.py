"""Who may be the same person: the likely ones, and nobody who cannot be or was decided not to be."""

import numpy as np
import pytest

from surveil.errors import QueryError
from surveil.identities.cluster import cluster
from surveil.identities.suggestions import suggest_merges
from surveil.store.granted import only_cameras

ANNA, BEN, CARL = np.eye(3, 544, dtype=np.float32)


def between(one, other, similarity):
    """Of unit length, as similar to `one` as asked, the rest towards `other`."""
    return similarity * one + np.sqrt(1 - similarity**2) * other


@pytest.fixture
def station(database, fill, made_up):
    """Anna as two identities of similarity 0.7, somebody of 0.6 to her, and Ben, who is not like her."""
    fill([made_up(0, embedding=ANNA), made_up(9, embedding=ANNA), made_up(99, embedding=ANNA)], camera="gate")
    fill([made_up(0, embedding=between(ANNA, BEN, 0.7))], camera="yard")
    fill([made_up(0, embedding=between(ANNA, CARL, 0.6))], camera="hall")
    fill([made_up(30, embedding=-BEN)], camera="hall")
    cluster(database, 0.9)


def test_the_likeliest_come_first_with_their_calibrated_probability(database, station):
    suggested = suggest_merges(database, 1)
    assert [one.identity for one in suggested] == [2, 3]
    assert [one.similarity for one in suggested] == pytest.approx([0.7, 0.6], abs=1e-3)
    assert [one.probability for one in suggested] == pytest.approx(
        [1 / (1 + np.exp(-2)), 1 / (1 + np.exp(-1))], abs=1e-2
    )
    assert [one.identity for one in suggest_merges(database, 1, limit=1)] == [2]
    assert suggested[0].sightings == 1
    assert [one.sightings for one in suggest_merges(database, 2) if one.identity == 1] == [3]


def test_who_was_decided_to_be_somebody_else_is_never_suggested(database, station, decide):
    apart = decide("keep_apart", 2, 1)
    assert [one.identity for one in suggest_merges(database, 1)] == [3]
    assert 1 not in [one.identity for one in suggest_merges(database, 2)]
    decide("undo", apart)
    assert [one.identity for one in suggest_merges(database, 1)] == [2, 3]


def test_who_was_in_one_picture_with_them_is_never_suggested(database, fill, made_up):
    fill([made_up(0, 5, embedding=ANNA), made_up(3, 8, embedding=between(ANNA, BEN, 0.8))], camera="gate")
    cluster(database, 0.9)
    assert suggest_merges(database, 1) == []


def test_an_identity_that_is_not_there(database, station):
    with pytest.raises(QueryError, match="no identity has the number 99"):
        suggest_merges(database, 99)


def test_only_granted_cameras_count(database, station):
    with only_cameras(("gate", "hall")):
        assert [one.identity for one in suggest_merges(database, 1)] == [3]
    with only_cameras(("yard",)), pytest.raises(QueryError, match="no identity has the number 1"):
        suggest_merges(database, 1)
