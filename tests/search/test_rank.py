import numpy as np
import pytest

from surveil.errors import QueryError, StoreError
from surveil.search.filters import Filters
from surveil.search.rank import Example, Query, search, sort_by
from surveil.store.models import ModelRef

MODEL = "f" * 64


def towards(similarity, seed=0):
    """A unit vector whose product with the first axis is `similarity`."""
    rest = np.random.default_rng(seed).normal(size=543)
    rest *= np.sqrt(1 - similarity**2) / np.linalg.norm(rest)
    return np.concatenate([[similarity], rest]).astype(np.float32)


QUERY = np.eye(1, 544, dtype=np.float32)[0]


def test_a_match_tells_everything_about_its_sighting(database, media, fill, made_up):
    [sighting] = fill(
        [made_up(first=5, last=9, embedding=towards(0.6), outputs={"upper_colour_red": 0.8, "backpack": 0.7})],
        camera="gate",
        zone="Europe/Berlin",
    )
    [match] = search(database, Query(example=Example(QUERY, MODEL)))
    assert (match.sighting, match.camera, match.zone) == (sighting, "gate", "Europe/Berlin")
    assert match.footage == "/footage/gate-1.mp4"
    assert match.first_seen.isoformat() == "2026-09-14T12:00:05+00:00"
    assert match.last_seen.isoformat() == "2026-09-14T12:00:09+00:00"
    assert match.box == (10, 20, 60, 140)
    assert match.similarity == pytest.approx(0.6, abs=1e-3)
    assert match.probability == pytest.approx(1 / (1 + np.exp(5 - 10 * match.similarity)))
    assert (match.attributes["upper_colour"].label, match.attributes["backpack"].label) == ("red", "yes")
    assert match.attributes["backpack"].probability == pytest.approx(0.7)
    assert match.identity is None
    assert match.name is None
    assert media.path(match.crop).is_file()


def test_the_most_similar_come_first_among_those_who_pass(database, fill, made_up):
    similarities = [0.1, 0.9, 0.5, 0.7]
    ids = fill([made_up(embedding=towards(s, i), outputs={"hat": 0.9 * (s < 0.8)}) for i, s in enumerate(similarities)])
    everyone = search(database, Query(example=Example(QUERY, MODEL)))
    assert [match.sighting for match in everyone] == [ids[i] for i in (1, 3, 2, 0)]
    hats = search(database, Query(Filters(attributes={"hat": ("yes",)}), Example(QUERY, MODEL), limit=1))
    assert [match.sighting for match in hats] == [ids[3]]


def test_without_an_example_the_joint_probability_ranks(database, fill, made_up):
    ids = fill(
        [
            made_up(outputs={"hat": 0.9, "backpack": 0.6}),
            made_up(outputs={"hat": 0.8, "backpack": 0.8}),
            made_up(outputs={"hat": 0.99, "backpack": 0.4}),
        ]
    )
    found = search(database, Query(Filters(attributes={"hat": ("yes",), "backpack": ("yes",)})))
    assert [match.sighting for match in found] == [ids[1], ids[0]]
    assert [match.probability for match in found] == pytest.approx([0.64, 0.54])
    assert [match.similarity for match in found] == [None, None]


def test_without_anything_asked_the_latest_come_first_and_other_orders_can_be_asked_for(database, fill, made_up):
    late, early, also_early = fill([made_up(first=50), made_up(first=10), made_up(first=10)])

    def found(**how):
        return [match.sighting for match in search(database, Query(**how))]

    assert found() == [late, also_early, early]
    assert found(sort="oldest") == [early, also_early, late]
    assert found(limit=1, offset=1) == [also_early]
    assert found(offset=3) == []
    assert len(found(sort="largest")) == 3
    with pytest.raises(QueryError, match="offset"):
        found(offset=-1)


def test_pages_of_an_example_follow_each_other(database, fill, made_up):
    ids = fill([made_up(embedding=towards(s, i)) for i, s in enumerate([0.1, 0.9, 0.5, 0.7])])
    pages = [search(database, Query(example=Example(QUERY, MODEL), limit=2, offset=offset)) for offset in (0, 2, 4)]
    assert [[match.sighting for match in page] for page in pages] == [[ids[1], ids[3]], [ids[2], ids[0]], []]
    assert [match.sighting for match in sort_by(pages[0], "oldest")] == [ids[1], ids[3]]


def test_equals_come_in_order_of_time_then_id(database, fill, made_up):
    late, early, also_early = fill([made_up(first=50), made_up(first=10), made_up(first=10)])
    found = search(database, Query(Filters(cameras=("yard",)), sort="oldest"))
    assert [match.sighting for match in found] == [early, also_early, late]
    assert [match.probability for match in found] == [None, None, None]
    same = [made_up(first=first, embedding=QUERY) for first in (5, 1, 1)]
    ids = fill(same, camera="gate")
    found = search(database, Query(Filters(cameras=("gate",)), Example(QUERY, MODEL)))
    assert [match.sighting for match in found] == ids


def test_there_is_no_probability_without_calibration_or_with_people_subtracted(database, fill, made_up):
    fill([made_up(embedding=towards(0.6))], model=ModelRef("plain", "e" * 64, {}))
    [match] = search(database, Query(example=Example(QUERY, "e" * 64)))
    assert match.probability is None


def test_with_people_subtracted_the_calibration_does_not_hold(database, fill, made_up):
    fill([made_up(embedding=towards(0.6))])
    [match] = search(database, Query(example=Example(QUERY, MODEL, is_person=False)))
    assert match.similarity == pytest.approx(0.6, abs=1e-3)
    assert match.probability is None


def test_an_example_of_another_model_is_refused(database, fill, made_up):
    fill([made_up()])
    with pytest.raises(QueryError, match=r"embeddings of made-up model .*SURVEIL_MODEL"):
        search(database, Query(example=Example(QUERY, "a" * 64)))


def test_an_empty_database_says_what_to_do(database):
    with pytest.raises(StoreError, match="surveil ingest"):
        search(database, Query(example=Example(QUERY, MODEL)))


def test_a_search_for_nothing_is_refused(database):
    with pytest.raises(QueryError, match="limit"):
        search(database, Query(limit=0))
