from hypothesis import given, settings
from hypothesis import strategies as st

from surveil.identities.agreement import Agreement, Statement


def sets(agreement):
    return {frozenset(members) for members in agreement.same}


def test_what_is_one_person_through_others():
    assert sets(Agreement.of([Statement(same=[[1, 2]]), Statement(same=[[2, 3], [7, 8]])])) == {
        frozenset({1, 2, 3}),
        frozenset({7, 8}),
    }


def test_who_was_taken_out_of_a_merged_person_leaves_the_others_together():
    merged, split = Statement(same=[[1, 2, 3, 4]]), Statement(same=[[3, 4]], different=[([3, 4], [1, 2])])
    assert sets(Agreement.of([merged, split])) == {frozenset({1, 2}), frozenset({3, 4})}


def test_who_joined_the_merged_person_before_the_split_stays_with_those_who_stayed():
    merged, split = Statement(same=[[1, 2, 3, 9]]), Statement(different=[([3], [1, 2])])
    assert sets(Agreement.of([merged, split])) == {frozenset({1, 2, 9})}


def test_the_newest_counts():
    different, same = Statement(different=[([1], [2, 5])]), Statement(same=[[1, 2]])
    agreement = Agreement.of([different, same])
    assert sets(agreement) == {frozenset({1, 2})}
    assert agreement.different == [([], [2, 5])]
    assert sets(Agreement.of([same, different])) == set()


def test_a_contradiction_shows_before_it_is_stated():
    agreement = Agreement.of([Statement(same=[[1, 2]]), Statement(different=[([2], [3])])])
    assert agreement.contradicts([1, 3])
    assert not agreement.contradicts([1, 2])
    assert not agreement.contradicts([3, 99])


SIGHTINGS = st.lists(st.integers(0, 9), max_size=6)
STATEMENTS = st.lists(
    st.builds(
        Statement,
        same=st.lists(SIGHTINGS, max_size=2),
        different=st.lists(st.tuples(SIGHTINGS, SIGHTINGS), max_size=2),
    ),
    max_size=6,
)


@settings(max_examples=300, deadline=None)
@given(STATEMENTS)
def test_an_agreement_never_contradicts_itself(statements):
    agreement = Agreement.of(statements)
    members = [member for one in agreement.same for member in one]
    assert len(members) == len(set(members))
    number = {member: i for i, one in enumerate(agreement.same) for member in one}
    for left, right in agreement.different:
        assert not set(left) & set(right)
        assert not {number[s] for s in left if s in number} & {number[s] for s in right if s in number}


@settings(max_examples=200, deadline=None)
@given(STATEMENTS, SIGHTINGS)
def test_the_last_word_is_kept_whole(statements, sightings):
    last = set(sightings)
    joined = Agreement.of([*statements, Statement(same=[sightings])])
    assert len(last) < 2 or any(last <= set(one) for one in joined.same)
    apart = Agreement.of([*statements, Statement(different=[(sightings[:2], sightings[2:])])])
    assert any(set(left) == set(sightings[:2]) - set(sightings[2:]) for left, _ in apart.different)
