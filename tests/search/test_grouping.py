"""Many sightings in one row: nobody is lost, nobody is in two, and the best stands for its group."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveil.search.grouping import grouped
from surveil.visits import VISIT_GAP

NOON = datetime(2026, 9, 14, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Found:
    """What grouping looks at."""

    sighting: int
    identity: int | None
    camera: str
    first_seen: datetime
    last_seen: datetime


def seen(number, identity, minute, camera="gate", minutes=1):
    first = NOON + timedelta(minutes=minute)
    return Found(number, identity, camera, first, first + timedelta(minutes=minutes))


SIGHTINGS = st.lists(
    st.tuples(st.none() | st.integers(1, 3), st.integers(0, 60), st.sampled_from(["gate", "yard"]), st.integers(0, 9)),
    max_size=12,
).map(lambda rows: [seen(number, *row) for number, row in enumerate(rows)])


def numbers(groups):
    return [[group.best.sighting, *(other.sighting for other in group.others)] for group in groups]


@pytest.mark.parametrize("by", [None, "identity", "visit"])
@given(found=SIGHTINGS)
def test_everybody_is_in_one_group_and_the_order_is_kept(by, found):
    groups = numbers(grouped(found, by))
    assert sorted(number for group in groups for number in group) == [sighting.sighting for sighting in found]
    assert all(group == sorted(group) for group in groups)
    firsts = [group[0] for group in groups]
    assert firsts == sorted(firsts)


@given(found=SIGHTINGS)
def test_a_group_by_identity_is_all_of_one_identity(found):
    groups = grouped(found, "identity")
    known = [group.best.identity for group in groups if group.best.identity is not None]
    assert len(known) == len(set(known))
    for group in groups:
        assert all(other.identity == group.best.identity is not None for other in group.others)


@given(found=SIGHTINGS)
def test_a_visit_is_one_identity_before_one_camera_without_long_gaps(found):
    for group in grouped(found, "visit"):
        stay = sorted((group.best, *group.others), key=lambda sighting: sighting.first_seen)
        assert len({(sighting.identity, sighting.camera) for sighting in stay}) == 1
        until = stay[0].last_seen
        for sighting in stay[1:]:
            assert sighting.first_seen <= until + VISIT_GAP
            until = max(until, sighting.last_seen)


@given(found=SIGHTINGS)
def test_no_visit_is_in_two_groups(found):
    """Also where the sighting that joins two stays was found after both."""
    groups = grouped(found, "visit")
    for one in groups:
        assert not any(
            one.takes(other, "visit") for group in groups if group is not one for other in (group.best, *group.others)
        )


def test_a_stay_that_is_found_in_pieces_is_one_visit():
    gap = VISIT_GAP.total_seconds() / 60
    found = [seen(1, 7, 0), seen(2, 7, 1.5 * gap), seen(3, 8, 0), seen(4, 7, 0.75 * gap)]
    assert numbers(grouped(found, "visit")) == [[1, 2, 4], [3]]


def test_who_comes_back_later_is_another_visit():
    gap = VISIT_GAP.total_seconds() / 60
    found = [
        seen(1, 7, 0),
        seen(2, 7, 1 + gap),
        seen(3, 7, 3 + 2 * gap),
        seen(4, 7, 0, camera="yard"),
        seen(5, None, 0),
    ]
    assert numbers(grouped(found, "visit")) == [[1, 2], [3], [4], [5]]
    assert numbers(grouped(found, "identity")) == [[1, 2, 3, 4], [5]]
    assert numbers(grouped(found, None)) == [[1], [2], [3], [4], [5]]
