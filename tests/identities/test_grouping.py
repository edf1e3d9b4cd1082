import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveil.evaluation.metrics.clustering import clustering_quality
from surveil.identities.constraints import Constraints
from surveil.identities.grouping import JOINED, group_sightings, parts
from surveil.identities.linkage import average_linkage
from tests.identities.made_up import partition, people, random_unit


def pairwise_f(groups, ids):
    return clustering_quality(groups, ids, np.zeros_like(ids)).pairwise_f


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.8])
def test_a_few_are_grouped_by_average_linkage_exactly(threshold):
    vectors, _ = people(1, 40, 8, spread=1.2)
    groups = group_sightings(vectors, threshold, Constraints.none(320))
    assert partition(groups) == partition(average_linkage(vectors, np.ones(320, np.int64), threshold))


def test_cut_into_communities_it_is_hardly_worse():
    vectors, ids = people(2, 40, 25, spread=1.1)
    whole = average_linkage(vectors, np.ones(len(ids), np.int64), 0.3)
    cut = group_sightings(vectors, 0.3, Constraints.none(len(ids)), together=150)
    assert 0.5 < pairwise_f(whole, ids) < 0.99, "not so easy that everything finds it"
    assert pairwise_f(cut, ids) >= pairwise_f(whole, ids) - 0.02


def test_a_person_larger_than_a_part_comes_together_again():
    vectors, ids = people(3, 2, 300, spread=0.3)
    assert partition(group_sightings(vectors, 0.5, Constraints.none(600), together=40)) == partition(ids)


@pytest.mark.parametrize("n", [0, 1])
def test_nobody_and_one_person(n):
    assert group_sightings(random_unit(0, n), 0.5, Constraints.none(n)).tolist() == [0] * n


@st.composite
def constrained(draw):
    """Sightings, what an operator said of them without contradicting themselves, and when they were where."""
    n = draw(st.integers(2, 40))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    who = rng.integers(0, draw(st.integers(1, 6)), n)
    same = [np.flatnonzero(rng.random(n) < 0.15) for _ in range(draw(st.integers(0, 4)))]
    same = [one[who[one] == who[one[0]]] for one in same if len(one)]
    different = []
    for _ in range(draw(st.integers(0, 4))):
        side = who == rng.integers(0, 6)
        left, right = np.flatnonzero(side & (rng.random(n) < 0.4)), np.flatnonzero(~side & (rng.random(n) < 0.4))
        different.append((left, right))
    first = rng.integers(0, 20, n).astype(float)
    place = rng.integers(-1, 3, n)
    vectors, _ = people(int(rng.integers(1000)), 3, n, size=6, spread=1.0)
    return vectors[:n], Constraints(place, first, first + rng.integers(0, 4, n), same, different)


@settings(max_examples=150, deadline=None)
@given(constrained(), st.floats(-0.9, 0.9), st.sampled_from([3, 10, 4096]))
def test_no_constraint_is_ever_violated(case, threshold, together):
    vectors, constraints = case
    groups = group_sightings(vectors, threshold, constraints, together=together)
    for one in constraints.same:
        assert len(set(groups[one].tolist())) == 1
    for left, right in constraints.different:
        assert not set(groups[left].tolist()) & set(groups[right].tolist())
    pairs = np.array([(a, b) for a in range(len(groups)) for b in range(a)])
    for a, b in pairs[constraints.forbidden(pairs)].tolist():
        # Two that were seen together are one only where the operator said so of their bundles.
        assert groups[a] != groups[b] or constraints.bundles[a] == constraints.bundles[b]


def test_evidence_of_time_makes_the_grouping_better():
    """Pairs of people who look alike and walk together."""
    vectors, who = people(4, 60, 8, spread=0.4)
    pair = who // 2
    vectors = 0.5 * vectors + random_unit(5, 30, 32)[pair]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    moment = np.zeros(len(who))
    for person in np.unique(who):
        moment[who == person] = np.arange(8)
    together = Constraints(pair, moment, moment)
    without = group_sightings(vectors, 0.6, Constraints.none(len(who)))
    assert pairwise_f(without, who) < 0.7
    assert pairwise_f(group_sightings(vectors, 0.6, together), who) == 1


def test_parts_are_connected_and_small_enough():
    rng = np.random.default_rng(0)
    edges = np.unique(np.sort(rng.integers(0, 300, (600, 2)), axis=1), axis=0)
    edges = edges[edges[:, 0] < edges[:, 1]]
    found = list(parts(edges, np.ones(len(edges), np.float32), 400, 50))
    together = np.concatenate(found)
    assert len(set(together.tolist())) == len(together), "nobody is in two parts"
    assert max(map(len, found)) <= 50
    assert together.max() < 300, "who has no edge is in no part"
    whole = list(parts(edges, np.ones(len(edges), np.float32), 400, 400))
    assert max(map(len, whole)) > 200


def test_it_tells_how_far_it_is_and_ends_when_called_off():
    vectors, _ = people(1, 40, 10, spread=0.5)
    told = []
    group_sightings(vectors, 0.4, Constraints.none(len(vectors)), together=20, tell=told.append)
    assert told == sorted(told)
    assert 0 <= told[0] < JOINED < told[-1] <= 1

    def stop(part):
        if part > JOINED:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        group_sightings(vectors, 0.4, Constraints.none(len(vectors)), tell=stop)
