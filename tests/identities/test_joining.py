import numpy as np

from surveil.identities.cluster import cluster, is_current
from surveil.identities.joining import join_new
from surveil.identities.versions import compare, list_runs, roll_back

ANNA, BEN, CARL = np.eye(3, 544, dtype=np.float32)


def test_who_clearly_shows_somebody_joins_them_and_who_does_not_waits(database, station, fill, made_up, identity_of):
    between = 0.8 * ANNA + 0.6 * BEN
    anna, doubtful, stranger, both = fill(
        [
            made_up(0, embedding=ANNA),
            made_up(9, embedding=ANNA + BEN),
            made_up(19, embedding=np.eye(9, 544)[8]),
            made_up(29, embedding=between),
        ]
    )
    assert join_new(database, 0.5) == 2
    found = identity_of()
    assert (found[anna], found[doubtful], found[stranger], found[both]) == (1, None, None, 1)


def test_nobody_joins_whom_they_were_beside(database, station, fill, made_up, identity_of):
    one, other = fill([made_up(0, 9, embedding=ANNA), made_up(0, 9, embedding=ANNA)])
    assert join_new(database, 0.5) == 1
    assert {identity_of()[one], identity_of()[other]} == {1, None}


def test_before_the_first_clustering_nobody_joins(database, fill, made_up):
    fill([made_up(0, embedding=ANNA)])
    assert join_new(database, 0.5) == 0


def test_nothing_new_means_nothing_to_do(database, station, decide, fill, made_up):
    assert is_current(database, 0.5)
    assert not is_current(database, 0.6)
    decide("merge", 1, [2])
    assert not is_current(database, 0.5)
    cluster(database, 0.5)
    fill([made_up(0, embedding=ANNA)])
    assert not is_current(database, 0.5)


def test_going_back_keeps_decisions_and_newer_sightings(database, station, decide, fill, made_up, identity_of):
    before = identity_of()
    cluster(database, -1)
    assert len(set(identity_of().values())) == 1
    decide("split", identity_of()[station["anna"][0]], station["anna"][:1])
    split = identity_of()[station["anna"][0]]
    roll_back(database, 1)
    found = identity_of()
    assert {s: i for s, i in found.items() if s != station["anna"][0]} == {
        s: i for s, i in before.items() if s != station["anna"][0]
    }
    assert found[station["anna"][0]] not in {found[s] for s in station["anna"][1:]}
    assert split not in before.values()
    assert is_current(database, 0.5), "going back is not undone by the next interval"


def test_what_changed_from_run_to_run(database, station):
    cluster(database, -1)
    with database.session() as session:
        changes = compare(session, 1, 2)
        assert [(change.identity, change.before, change.after) for change in changes] == [
            (1, 3, 9),
            (2, 3, 0),
            (3, 3, 0),
        ]
        assert changes[0].came == {2: 3, 3: 3}
        assert compare(session, 1, 1) == []
        assert [run.clustering for run in list_runs(session)] == [2, 1]


def test_runs_older_than_those_kept_lose_their_members_only(database, station, monkeypatch):
    monkeypatch.setattr("surveil.identities.cluster.KEPT_RUNS", 2)
    cluster(database, 0.5)
    cluster(database, 0.6)
    with database.session() as session:
        assert [run.has_members for run in list_runs(session)] == [True, True, False]
