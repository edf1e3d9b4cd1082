import numpy as np
import pytest
from sqlalchemy import func, select, update

from surveil.errors import QueryError, StoreError
from surveil.identities.cluster import cluster
from surveil.identities.listing import list_identities, sightings_of
from surveil.identities.numbers import match_groups
from surveil.store.models import ModelRef
from surveil.store.tables import Clustering, Identity, Membership, SightingRow

ANNA, BEN, CARL = np.eye(3, 544, dtype=np.float32)


def almost(person, seed):
    noisy = person + 0.01 * np.random.default_rng(seed).normal(size=544)
    return (noisy / np.linalg.norm(noisy)).astype(np.float32)


def pairs(session, query):
    return dict(session.execute(query).all())


def identity_of(database):
    with database.session() as session:
        return pairs(session, select(SightingRow.id, SightingRow.identity_id))


def test_sightings_of_one_person_become_one_identity_across_cameras(database, fill, made_up):
    gate = fill([made_up(0, 5, embedding=almost(ANNA, 1)), made_up(9, 12, embedding=almost(BEN, 2))], camera="gate")
    yard = fill([made_up(0, 5, embedding=almost(BEN, 3)), made_up(9, 12, embedding=almost(ANNA, 4))], camera="yard")
    outcome = cluster(database, 0.5)
    found = identity_of(database)
    assert found[gate[0]] == found[yard[1]]
    assert found[gate[1]] == found[yard[0]]
    assert found[gate[0]] != found[gate[1]]
    assert (outcome.sightings, outcome.identities, outcome.largest, outcome.single, outcome.kept_apart) == (
        4,
        2,
        2,
        0,
        0,
    )
    with database.session() as session:
        run = session.get_one(Clustering, outcome.clustering)
        assert (run.parameters["method"], run.parameters["threshold"], run.parameters["model"]) == (
            "graph",
            0.5,
            "f" * 64,
        )
        assert run.metrics["identities"] == 2
        members = pairs(session, select(Membership.sighting_id, Membership.identity_id))
        assert members == found


def test_two_who_were_in_one_picture_are_two_people(database, fill, made_up):
    one, other = fill([made_up(0, 5, embedding=ANNA), made_up(5, 9, embedding=ANNA)], camera="gate")
    [later] = fill([made_up(5.1, 9, embedding=ANNA)], camera="gate")
    outcome = cluster(database, 0.5)
    found = identity_of(database)
    assert found[one] != found[other]
    assert found[later] in (found[one], found[other])
    assert outcome.kept_apart == 1


def test_numbers_and_names_stay_when_more_is_ingested(database, fill, made_up):
    old = fill([made_up(0, embedding=ANNA), made_up(9, embedding=BEN)])
    cluster(database, 0.5)
    before = identity_of(database)
    with database.session() as session:
        session.execute(update(Identity).where(Identity.id == before[old[1]]).values(name="the courier"))
    new = fill(
        [made_up(0, embedding=CARL), made_up(9, embedding=almost(BEN, 1)), made_up(20, embedding=almost(ANNA, 2))]
    )
    outcome = cluster(database, 0.5)
    after = identity_of(database)
    assert [after[i] for i in old] == [before[i] for i in old]
    assert after[new[1]] == before[old[1]]
    assert after[new[2]] == before[old[0]]
    assert after[new[0]] not in before.values()
    with database.session() as session:
        assert session.get_one(Identity, after[new[1]]).name == "the courier"
        assert session.scalar(select(func.count()).select_from(Clustering)) == 2
        first_run = select(Membership.sighting_id, Membership.identity_id).where(
            Membership.clustering_id != outcome.clustering
        )
        assert pairs(session, first_run) == before, "an earlier run is kept as it was"


def test_a_run_with_the_same_result_makes_no_new_identities(database, fill, made_up):
    fill([made_up(i, embedding=person) for i, person in enumerate((ANNA, BEN, CARL))])
    cluster(database, 0.5)
    before = identity_of(database)
    cluster(database, 0.5)
    assert identity_of(database) == before
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(Identity)) == 3


def test_the_larger_part_of_a_split_keeps_the_identity():
    group_of = {1: 0, 2: 0, 3: 1, 4: 1, 5: 1, 6: 2}
    before = {1: 7, 2: 7, 3: 7, 4: 7, 5: 7, 6: None}
    assert match_groups(group_of, before, {7: None}) == {1: 7}


def test_of_two_merged_identities_the_one_with_a_name_stays_at_equal_size():
    assert match_groups({1: 0, 2: 0}, {1: 7, 2: 8}, {7: None, 8: "the courier"}) == {0: 8}
    assert match_groups({1: 0, 2: 0}, {1: 7, 2: 8}, {7: None, 8: None}) == {0: 7}
    assert match_groups({1: 0, 2: 0, 3: 0}, {1: 7, 2: 7, 3: 8}, {7: None, 8: "the courier"}) == {0: 7}


def test_the_threshold_is_a_similarity(database, fill, made_up):
    fill([made_up(0, embedding=ANNA), made_up(9, embedding=0.6 * ANNA + 0.8 * BEN)])
    assert cluster(database, 0.55).identities == 1
    assert cluster(database, 0.65).identities == 2


def test_footage_without_people_makes_no_identities(database, fill):
    fill([])
    outcome = cluster(database, 0.5)
    assert (outcome.sightings, outcome.identities, outcome.largest) == (0, 0, 0)


def test_one_sighting_is_one_identity(database, fill, made_up):
    [only] = fill([made_up()])
    assert cluster(database, 0.5).identities == 1
    assert identity_of(database)[only] is not None


def test_an_empty_database_says_what_to_do(database):
    with pytest.raises(StoreError, match="surveil ingest"):
        cluster(database, 0.5)


def test_the_list_counts_sightings_and_cameras_largest_first(database, fill, made_up):
    fill([made_up(0, embedding=BEN), made_up(9, 11, embedding=ANNA)], camera="gate")
    fill([made_up(30, embedding=ANNA)], camera="yard")
    with database.session() as session:
        session.add_all([Identity(name="never seen"), Identity(name=None)])
    cluster(database, 0.5)
    with database.session() as session:
        anna, ben, named = list_identities(session)
        assert (anna.sightings, anna.cameras, ben.sightings, ben.cameras) == (2, ("gate", "yard"), 1, ("gate",))
        assert (anna.first_seen.isoformat(), anna.last_seen.isoformat()) == (
            "2026-09-14T12:00:09+00:00",
            "2026-09-14T12:00:30+00:00",
        )
        assert (named.name, named.sightings, named.cameras, named.first_seen) == ("never seen", 0, (), None)
        assert len(sightings_of(session, anna.identity)) == 2
        with pytest.raises(QueryError, match="no identity has the number 999"):
            sightings_of(session, 999)


def test_only_embeddings_of_the_model_in_use_are_grouped(database, fill, made_up):
    fill([made_up(embedding=ANNA)])
    with pytest.raises(StoreError):
        fill([made_up(embedding=ANNA)], model=ModelRef("another", "a" * 64, {}))
    assert cluster(database, 0.5).sightings == 1
