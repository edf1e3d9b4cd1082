import numpy as np
import pytest

from surveil.errors import QueryError
from surveil.identities.cluster import cluster
from surveil.identities.constraints import Constraints
from surveil.identities.methods import group_into, respect
from tests.identities.made_up import partition, people


@pytest.mark.parametrize("method", ["k-means", "agglomerative"])
def test_as_many_people_as_were_told(method):
    vectors, ids = people(1, 6, 10, spread=0.2)
    assert partition(group_into(vectors, 6, method, Constraints.none(60))) == partition(ids)


@pytest.mark.parametrize("method", ["k-means", "agglomerative"])
def test_more_where_a_constraint_asks_for_it(method):
    vectors, ids = people(1, 3, 10, spread=0.2)
    first, second, third = (np.flatnonzero(ids == person) for person in range(3))
    nowhere = Constraints.none(30)
    told = Constraints(
        nowhere.place,
        nowhere.first,
        nowhere.last,
        same=[np.array([*first[:2], third[0]])],
        different=[(second[:4], second[4:])],
    )
    groups = group_into(vectors, 3, method, told)
    assert partition(groups) == {
        frozenset([*first.tolist(), third[0]]),
        frozenset(second[:4].tolist()),
        frozenset(second[4:].tolist()),
        frozenset(third[1:].tolist()),
    }


def test_a_grouping_without_conflicts_is_left_alone():
    vectors, ids = people(1, 6, 10)
    assert partition(respect(vectors, ids, Constraints.none(60))) == partition(ids)


def test_how_many_people_must_make_sense(database, fill, made_up):
    fill([made_up(0, 9)] * 3)
    with pytest.raises(QueryError, match="3 sightings cannot be 4 people"):
        cluster(database, method="k-means", people=4)
    with pytest.raises(QueryError, match="the method k-means needs a"):
        cluster(database, method="k-means")
    with pytest.raises(QueryError, match="the method graph takes no"):
        cluster(database, people=4)
    outcome = cluster(database, method="agglomerative", people=2)
    assert (outcome.threshold, outcome.identities) == (None, 3), "they were all in one picture"
