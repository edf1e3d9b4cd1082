"""Who is seen with whom: found where they walk together, not where everybody is, and chance is what moving shows."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from surveil.identities.cluster import cluster
from surveil.identities.companions import NEAR, find_companions, merge_spans, nearness
from surveil.identities.timeline import visits_of
from surveil.store.tables import Camera, Footage

HOURS = 5
PEOPLE = dict(zip(("anna", "ben", "carl"), np.eye(3, 544, dtype=np.float32), strict=True))


@pytest.fixture
def walks(database, fill, made_up):
    """Anna passes once an hour, Ben three seconds after her; Carl comes when he likes. Gives each one's identity."""

    def store(anna=(600, 900, 1500, 2100, 3000), carl=(3300, 300, 2700, 60, 1200)):
        for hour, (moment, other) in enumerate(zip(anna, carl, strict=True)):
            seen = {"anna": moment, "ben": moment + 3, "carl": other}
            fill(
                [made_up(at, at + 4, embedding=PEOPLE[who]) for who, at in seen.items()],
                camera="gate",
                start=datetime(2026, 9, 14, 8 + hour, tzinfo=UTC),
            )
        with database.session() as session:
            session.execute(update(Footage).values(duration=3600))
        cluster(database, 0.5)
        return dict(zip(seen, (1, 2, 3), strict=True))

    return store


def companions_of(database, identity):
    with database.session() as session:
        return find_companions(session, identity, visits_of(session, identity))


def test_who_walks_beside_somebody_is_found_and_a_stranger_is_not(database, walks):
    who = walks()
    [ben] = companions_of(database, who["anna"])
    assert (ben.identity, ben.together, ben.visits) == (who["ben"], HOURS, HOURS)
    assert ben.expected < 0.2
    assert ben.p_value < 1e-5
    assert [one.identity for one in companions_of(database, who["ben"])] == [who["anna"]]
    assert companions_of(database, who["carl"]) == []


def test_a_corrected_clock_changes_nobodys_companions(database, walks):
    who = walks()
    before = companions_of(database, who["anna"])
    with database.session() as session:
        from surveil.store.cameras import configure_camera

        configure_camera(session, "gate", zone=None, clock_offset=-86_400, create=False)
        assert session.query(Camera).one().clock_offset == -86_400
    assert companions_of(database, who["anna"]) == before


def test_somebody_who_is_always_there_is_no_companion(database, fill, made_up):
    for hour in range(HOURS):
        fill(
            [made_up(0, 3600, embedding=PEOPLE["carl"]), made_up(900 + 300 * hour, embedding=PEOPLE["anna"])],
            camera="gate",
            start=datetime(2026, 9, 14, 8 + hour, tzinfo=UTC),
        )
    with database.session() as session:
        session.execute(update(Footage).values(duration=3600))
    cluster(database, 0.5)
    assert companions_of(database, 2) == []


def test_a_visit_that_could_have_been_at_no_other_time_proves_nothing(database, walks):
    walks()
    with database.session() as session:
        session.execute(update(Footage).values(duration=0))
    assert companions_of(database, 1) == []


seconds = st.integers(0, 400)
spans = st.lists(st.tuples(seconds, st.integers(1, 60)), min_size=1, max_size=4).map(
    lambda pairs: np.array([(start, start + length) for start, length in pairs], float)
)


@given(own=spans, other=spans, watched=spans)
def test_chance_is_the_part_of_all_times_at_which_the_other_is_near(own, other, watched):
    watched = merge_spans(watched)
    together, chance = nearness(own, other, watched)
    near = NEAR.total_seconds()

    def is_near(moved):
        gaps = np.maximum(other[None, :, 0] - own[:, None, 1] - moved, own[:, None, 0] + moved - other[None, :, 1])
        return (gaps <= near).any()

    assert together == is_near(0.0)
    moves = np.arange(-1000, 1000) + 0.5  # all edges are whole seconds
    fits = [
        ((watched[:, 0] <= own[:, 0].min() + move) & (own[:, 1].max() + move <= watched[:, 1])).any() for move in moves
    ]
    possible = moves[fits]
    expected = np.mean([is_near(move) for move in possible]) if len(possible) else float(together)
    assert chance == pytest.approx(expected)


@given(spans)
def test_merged_spans_cover_the_same_and_stand_apart(some):
    merged = merge_spans(some)
    assert (merged[1:, 0] > merged[:-1, 1]).all()
    points = np.arange(0, 500) + 0.5

    def covered(ranges):
        return ((ranges[:, None, 0] < points) & (points < ranges[:, None, 1])).any(axis=0)

    assert (covered(merged) == covered(some)).all()


def test_spans_that_are_near_enough_are_one():
    assert merge_spans(np.array([[10.0, 20.0], [0.0, 5.0]]), gap=5.0).tolist() == [[0.0, 20.0]]
    assert timedelta(seconds=5) < NEAR
