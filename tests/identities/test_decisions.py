import multiprocessing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from surveil.errors import ConflictError, QueryError
from surveil.identities.cluster import cluster
from surveil.identities.decisions import Decisions
from surveil.identities.evidence import load_constraints
from surveil.identities.history import facts, history
from surveil.store.session import Database
from surveil.store.tables import Decision, Footage, Identity, SightingRow

ANNA, BEN, CARL = np.eye(3, 544, dtype=np.float32)


@pytest.fixture
def names(database):
    def read():
        with database.session() as session:
            return {i: name for i, name in session.execute(select(Identity.id, Identity.name)) if name}

    return read


@pytest.fixture
def groups(identity_of):
    """The sightings of each identity."""

    def read():
        found = {}
        for sighting, identity in identity_of().items():
            found.setdefault(identity, set()).add(sighting)
        return found

    return read


def test_a_merge_holds_at_once_and_after_the_next_run(database, station, decide, groups):
    anna, ben, carl = (set(station[who]) for who in ("anna", "ben", "carl"))
    decide("merge", 1, [2])
    assert groups() == {1: anna | ben, 3: carl}
    cluster(database, 0.5)
    assert groups() == {1: anna | ben, 3: carl}


def test_a_split_holds_although_they_look_the_same(database, station, decide, groups):
    first, *others = station["anna"]
    decide("split", 1, others)
    expected = {1: {first}, 2: set(station["ben"]), 3: set(station["carl"]), 4: set(others)}
    assert groups() == expected
    cluster(database, 0.5)
    kept = groups()
    assert {frozenset(one) for one in kept.values()} == {frozenset(one) for one in expected.values()}
    assert kept[1] == {first}


def test_a_move_holds_and_counts_more_than_an_older_merge(database, station, decide, groups):
    anna, ben, carl = (set(station[who]) for who in ("anna", "ben", "carl"))
    decide("merge", 1, [2])
    moved = station["ben"][0]
    decide("move", moved, 3)
    expected = {1: (anna | ben) - {moved}, 3: carl | {moved}}
    assert groups() == expected
    cluster(database, 0.5)
    assert groups() == expected


def test_two_people_stay_two_however_alike(database, station, decide, groups):
    decide("keep_apart", 1, 2)
    assert cluster(database, -1).identities == 2, "below every threshold, but for the two"
    found = groups()
    assert not any(one & set(station["anna"]) and one & set(station["ben"]) for one in found.values())
    numbers = list(found)
    with pytest.raises(ConflictError, match=r"not all one person.*undo that decision"):
        decide("merge", numbers[0], numbers[1:])


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [("merge", (1, [2, 3])), ("split", (1, [1, 2])), ("move", (4, 1)), ("keep_apart", 1), ("name", (2, "the courier"))],
)
def test_an_undo_brings_everything_back(database, station, decide, groups, names, kind, arguments):
    before = groups()
    made = decide(kind, *((1, 2) if kind == "keep_apart" else arguments))
    decide("undo", made, actor="otto")
    assert (groups(), names()) == (before, {})
    cluster(database, 0.5)
    assert groups() == before
    with pytest.raises(ConflictError, match="otto took it back already"):
        decide("undo", made)


def test_an_undo_leaves_alone_what_was_decided_since(station, decide, groups):
    merged = decide("merge", 1, [2])
    moved = station["ben"][0]
    decide("move", moved, 3)
    decide("undo", merged)
    assert groups() == {
        1: set(station["anna"]),
        2: set(station["ben"]) - {moved},
        3: {*station["carl"], moved},
    }


def test_names(station, decide, names):
    decide("name", 1, " the courier ")
    first = decide("name", 1, "Anna")
    assert names() == {1: "Anna"}
    last = decide("name", 1, None)
    assert names() == {}
    decide("undo", first)
    assert names() == {}, "a newer decision counts"
    decide("undo", last)
    assert names() == {1: "the courier"}
    with pytest.raises(QueryError, match="1 to 200"):
        decide("name", 1, "  ")


def test_a_merge_keeps_the_one_name_there_is(station, decide, names):
    decide("name", 2, "Ben")
    merged = decide("merge", 1, [2])
    assert names() == {1: "Ben"}
    decide("undo", merged)
    assert names() == {2: "Ben"}
    decide("name", 1, "Anna")
    with pytest.raises(QueryError, match="they are called Anna and Ben"):
        decide("merge", 1, [2])


def test_notes_hiding_and_pictures(database, station, decide):
    decide("note", 1, "limps")
    hidden = decide("hide", 1)
    decide("set_picture", 1, station["anna"][1])
    with database.session() as session:
        assert (facts(session)[1].note, facts(session)[1].hidden, facts(session)[1].picture) == (
            "limps",
            True,
            station["anna"][1],
        )
    decide("undo", hidden)
    with database.session() as session:
        assert not facts(session)[1].hidden
    with pytest.raises(ConflictError, match=r"not .* a sighting of identity 1"):
        decide("set_picture", 1, station["ben"][0])


def test_what_cannot_be_decided(station, decide, groups):
    before = groups()
    for call, message in (
        (("name", 99, "x"), "no identity has the number 99"),
        (("merge", 1, [1]), "different identities"),
        (("merge", 1, []), "two or more"),
        (("keep_apart", 1, 1), "two different"),
        (("split", 1, []), "not none or all"),
        (("split", 1, station["anna"]), "not none or all"),
        (("move", 999, 1), "no such sighting"),
        (("move", station["anna"][0], 1), "belongs to identity 1 already"),
        (("undo", 99), "no such decision"),
    ):
        with pytest.raises(QueryError, match=message):
            decide(*call)
    undo = decide("undo", decide("hide", 1))
    with pytest.raises(QueryError, match="decide again"):
        decide("undo", undo)
    assert groups() == before


def test_the_log_tells_who_decided_what(database, station, decide):
    decide("merge", 1, [2], actor="otto")
    decide("undo", 1)
    decide("split", 3, station["carl"][:1])
    with database.session() as session:
        log = history(session)
        assert [(entry.decision, entry.actor, entry.summary, entry.undone_by) for entry in log] == [
            (3, "maria", f"split sighting {station['carl'][0]} off 3 as 4", None),
            (2, "maria", "undid decision 1", None),
            (1, "otto", "merged 2 into 1", 2),
        ]
        assert [entry.decision for entry in history(session, 2)] == [2, 1]


def test_the_second_of_two_operators_sees_what_the_first_decided(station, decide, groups):
    """Both look at the same list; then both decide."""
    decide("merge", 1, [2], actor="otto", seen=0)
    after = groups()
    with pytest.raises(ConflictError, match=r"otto merged 2 into 1.*Nothing was changed"):
        decide("split", 1, station["anna"][:1], seen=0)
    with pytest.raises(ConflictError, match="otto merged 2 into 1"):
        decide("name", 2, "Ben")
    with pytest.raises(ConflictError, match=r"not .* a sighting of identity 1"):
        decide("split", 1, station["carl"][:1])
    assert groups() == after
    decide("name", 3, "Carl", seen=0)  # somebody else
    decide("split", 1, station["anna"][:1], seen=1)


def _name_often(url, actor):
    with Database.open(url) as database:
        for number in range(10):
            with database.session() as session:
                Decisions(session, actor).name(1, f"{actor} {number}")


def test_two_who_write_at_once_lose_nothing(database, station):
    context = multiprocessing.get_context("forkserver")
    workers = [context.Process(target=_name_often, args=(database.url, actor)) for actor in ("maria", "otto")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with database.session() as session:
        log = session.scalars(select(Decision).order_by(Decision.id)).all()
        assert len(log) == 20
        before = None
        for decision in log:
            assert decision.content["names"]["1"] == [before, decision.content["value"]]
            before = decision.content["value"]


def ingest_again(database, fill, made_up, ids):
    """The footage of some sightings is forgotten and ingested anew; gives the new ones."""
    with database.session() as session:
        footage = session.scalars(select(SightingRow.footage_id).where(SightingRow.id == ids[0])).one()
        old = session.get_one(Footage, footage)
        content, camera, path = old.content_hash, old.camera.name, old.path
        session.execute(delete(Footage).where(Footage.id == footage))
    vector = {"anna": ANNA, "ben": BEN, "carl": CARL}[camera]
    new = fill([made_up(10 * view, embedding=vector) for view in range(3)], camera=camera)
    with database.session() as session:
        row = session.scalars(select(SightingRow.footage_id).where(SightingRow.id == new[0])).one()
        session.execute(update(Footage).where(Footage.id == row).values(content_hash=content, path=str(Path(path))))
    assert not set(new) & set(ids)
    return new


def test_decisions_outlive_an_ingest_of_the_footage(database, station, decide, groups, names, fill, made_up):
    anna, carl = station["anna"], station["carl"]
    decide("name", 3, "Carl")
    decide("merge", 1, [2])
    decide("split", 1, anna[:1])
    decide("set_picture", 3, carl[2])
    again = {who: ingest_again(database, fill, made_up, station[who]) for who in station}
    cluster(database, 0.5)
    assert groups() == {1: {*again["anna"][1:], *again["ben"]}, 3: set(again["carl"]), 4: {again["anna"][0]}}
    assert names() == {3: "Carl"}
    with database.session() as session:
        assert facts(session)[3].picture == again["carl"][2]


def test_a_decision_made_while_a_run_is_under_way_holds(database, station, decide, groups, monkeypatch):
    from surveil.identities import cluster as module

    group = module.group_sightings

    def meanwhile(*arguments, **named):
        found = group(*arguments, **named)
        decide("merge", 1, [2])
        return found

    monkeypatch.setattr(module, "group_sightings", meanwhile)
    cluster(database, 0.5)
    assert groups() == {1: {*station["anna"], *station["ben"]}, 3: set(station["carl"])}


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["merge", "split", "move", "keep_apart", "undo", "cluster"]),
        st.integers(0, 8),
        st.integers(0, 8),
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTS)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_whatever_is_decided_holds_after_every_run(database, station, decide, identity_of, acts):
    """What the identities are after the last decision, as far as it was said, is what a run makes of them."""
    ids = sorted(identity_of())
    for kind, first, second in acts:
        now = identity_of()
        one, other = now[ids[first]], now[ids[second]]
        try:
            match kind:
                case "merge":
                    decide(kind, one, [other])
                case "split":
                    decide(kind, one, [ids[first]])
                case "move":
                    decide(kind, ids[first], other)
                case "keep_apart":
                    decide(kind, one, other)
                case "undo":
                    decide(kind, first)
                case "cluster":
                    cluster(database, 0.5)
        except (QueryError, ConflictError):
            assert identity_of() == now
    with database.session() as session:
        constraints = load_constraints(session, np.array(ids))
    for threshold in (-1, 0.5, 2):
        cluster(database, threshold)
        groups = np.array([identity_of()[sighting] for sighting in ids])
        for one in constraints.same:
            assert len(set(groups[one].tolist())) == 1
        for left, right in constraints.different:
            assert not set(groups[left].tolist()) & set(groups[right].tolist())
