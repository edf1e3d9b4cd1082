"""Those who look alike in one row, as far as the model tells people apart."""

import numpy as np
import pytest

from surveil.search.grouping import grouped_by_look
from surveil.search.rank import Score, load_sightings
from surveil.store.models import model_in_use
from surveil.store.tables import Embedding


def unit(angle):
    """A look at this angle from the first axis: the similarity of two is the cosine of the angle between them."""
    return np.eye(2, 544, dtype=np.float32).T @ np.array([np.cos(angle), np.sin(angle)], np.float32)


@pytest.fixture
def threshold(database, fill, made_up):
    """From which similarity on two are taken for one person; the database has one sighting then, number 1."""
    fill([made_up(embedding=-unit(0))])
    with database.session() as session:
        return model_in_use(session).cluster_threshold


def groups_of(database, numbers):
    with database.session() as session:
        found = load_sightings(session, {number: Score() for number in numbers})
    return [
        [group.best.sighting, *(other.sighting for other in group.others)] for group in grouped_by_look(database, found)
    ]


def test_whoever_resembles_the_best_of_a_group_is_in_it(database, fill, made_up, threshold):
    step = 0.9 * np.arccos(threshold)
    first, second, third, fourth = fill([made_up(embedding=unit(place * step)) for place in range(4)])
    assert groups_of(database, [first, second, third, fourth]) == [[first, second], [third, fourth]]
    assert groups_of(database, [second, first, third, fourth]) == [[second, first, third], [fourth]]
    assert groups_of(database, [fourth, first]) == [[fourth], [first]], "not by those who are not listed"


def test_on_either_side_of_the_threshold(database, fill, made_up, threshold):
    near, far = (float(np.arccos(threshold + by)) for by in (0.01, -0.01))
    middle, within, beyond = fill([made_up(embedding=unit(angle)) for angle in (0.0, near, -far)])
    assert groups_of(database, [middle, beyond, within]) == [[middle, within], [beyond]]


def test_whoever_has_no_embedding_is_like_nobody(database, fill, made_up, threshold):
    first, second, third = fill([made_up(embedding=unit(0.0)) for _ in range(3)])
    with database.session() as session:
        session.query(Embedding).filter(Embedding.sighting_id.in_([second])).delete()
    assert groups_of(database, [second, first, third]) == [[second], [first, third]]
    assert groups_of(database, []) == []
