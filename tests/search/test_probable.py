"""The way by an index against looking at all."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surveil.attributes import ATTRIBUTES, OUTPUT_NAMES
from surveil.search import probable, proposed
from surveil.search.filters import Filters
from surveil.search.probable import most_probable
from surveil.store import description_columns

COUNT = 150


@pytest.fixture
def crowd(fill, made_up):
    """Sightings of two cameras; many are equally probable."""
    random = np.random.default_rng(3)
    people = [made_up(first=float(i), outputs=dict(zip(OUTPUT_NAMES, said(random), strict=True))) for i in range(COUNT)]
    return {i: person for camera in ("gate", "yard") for i, person in enumerate_ids(fill, people, camera)}


def said(random):
    outputs = random.integers(0, 9, 32) / 8
    for attribute in ATTRIBUTES:
        if attribute.exclusive:
            outputs[attribute.outputs] = random.multinomial(8, [1 / len(attribute.labels)] * len(attribute.labels)) / 8
    return outputs.tolist()


def enumerate_ids(fill, people, camera):
    half = people[::2] if camera == "gate" else people[1::2]
    return [(i, (camera, person)) for i, person in zip(fill(half, camera=camera), half, strict=True)]


def brute_force(crowd, attributes, cameras, limit):
    rows = []
    for i, (camera, person) in crowd.items():
        outputs = np.array([person.outputs[name] for name in OUTPUT_NAMES])
        chances = []
        for attribute in ATTRIBUTES:
            if attribute.name in attributes:
                of_labels = attribute.probabilities(outputs)
                chances.append(sum(of_labels[attribute.labels.index(label)] for label in attributes[attribute.name]))
        if min(chances) >= 0.25 and (not cameras or camera in cameras):
            rows.append((-np.prod(chances), person.first, i))
    return [i for _, _, i in sorted(rows)[:limit]]


asked = st.dictionaries(st.sampled_from(ATTRIBUTES), st.integers(0, 9), min_size=1, max_size=3).map(
    lambda chosen: {attribute.name: (attribute.labels[n % len(attribute.labels)],) for attribute, n in chosen.items()}
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    attributes=asked,
    both_colours=st.booleans(),
    cameras=st.sampled_from([(), ("gate",), ("gate", "yard")]),
    limit=st.integers(1, COUNT + 10),
)
def test_the_best_are_the_same_whichever_way(database, crowd, monkeypatch, attributes, both_colours, cameras, limit):
    if both_colours:
        attributes = attributes | {"upper_colour": ("red", "blue")}
    filters = Filters(attributes=attributes, cameras=cameras, min_confidence=0.25)
    found = []
    for few, first in ((0, 1), (0, 40), (COUNT, 500)):
        monkeypatch.setattr(probable, "FEW", few)
        monkeypatch.setattr(probable, "MANY", few)
        monkeypatch.setattr(probable, "MIN_FIRST", first)
        with database.session() as session:
            found.append(most_probable(session, filters, limit))
    assert found[0] == found[1] == found[2]
    monkeypatch.setattr(probable, "FEW", 0)
    monkeypatch.setattr(proposed, "MIN_PROPOSED", 3)
    monkeypatch.setattr(description_columns, "MIN_ROWS", 0)
    for _ in range(2):  # the first time a column is asked for, it is left to the database
        with database.session() as session:
            assert most_probable(session, filters, limit, database.descriptions) == found[0]
    assert [i for i, _ in found[0]] == brute_force(crowd, attributes, cameras, limit)
