import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveil.identities.constraints import NOWHERE, Constraints

SPANS = st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 30), st.integers(0, 6)), max_size=25)


def constraints(spans, same=(), different=()):
    place, first, length = (np.array([span[i] for span in spans], np.int64) for i in range(3))
    sets = [np.array(one, np.int64) for one in same]
    pairs = [(np.array(a, np.int64), np.array(b, np.int64)) for a, b in different]
    return Constraints(place, first.astype(float), (first + length).astype(float), sets, pairs)


def overlap(spans, a, b):
    (here, first, length), (there, other, other_length) = spans[a], spans[b]
    return here == there != NOWHERE and first <= other + other_length and other <= first + length


@settings(max_examples=100, deadline=None)
@given(SPANS, st.integers(0, 10**6), st.integers(1, 6))
def test_groups_conflict_where_two_members_overlap_in_one_place(spans, seed, groups):
    rng = np.random.default_rng(seed)
    members = rng.permutation(len(spans))
    group = rng.integers(0, groups, len(spans))
    expected = np.zeros((groups, groups), bool)
    for i, a in enumerate(members):
        for j, b in enumerate(members):
            if group[i] != group[j] and overlap(spans, a, b):
                expected[group[i], group[j]] = True
    assert np.array_equal(constraints(spans).conflicts(members, group, groups), expected)
    pairs = np.array([(a, b) for a in range(len(spans)) for b in range(a)], np.int64).reshape(-1, 2)
    assert constraints(spans).forbidden(pairs).tolist() == [overlap(spans, a, b) for a, b in pairs.tolist()]


def test_a_place_that_is_nowhere_proves_nothing():
    crowd = constraints([(NOWHERE, 0, 0)] * 8000)
    assert not crowd.conflicts(np.arange(8000), np.arange(8000), 8000).any()


def test_what_is_different_conflicts_on_all_of_both_sides():
    found = constraints([(NOWHERE, 0, 0)] * 5, different=[([0, 1], [2]), ([4], [2])])
    conflicts = found.conflicts(np.arange(5), np.arange(5), 5)
    assert np.argwhere(np.triu(conflicts)).tolist() == [[0, 2], [1, 2], [2, 4]]


def test_what_is_the_same_is_one_bundle_also_through_others():
    found = constraints([(0, 0, 9)] * 6, same=[[0, 2], [2, 5], [3]])
    assert found.bundles.tolist() == [0, 1, 0, 2, 3, 0]


def test_the_same_two_cannot_be_one_person_and_two():
    with pytest.raises(ValueError, match="one person and two"):
        constraints([(0, 0, 9)] * 4, same=[[0, 1], [1, 2]], different=[([0], [2, 3])])
