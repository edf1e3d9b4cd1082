import numpy as np
import pytest

from surveil.model.person_head import LENGTH
from training.person_run import LOST, Seen, fit_person_head, judge


def place(seed, shift=0.0, nobody=300):
    """People differ from the rest in their first 40 values; every place has a light of its own."""
    rng = np.random.default_rng(seed)
    light = rng.normal(0, 0.3, LENGTH)
    people, boxes, alarms = (rng.normal(light, 1, (count, LENGTH)) for count in (400, nobody, nobody // 5))
    people[:, :40] += 1 + shift
    return Seen(people.astype(np.float32), boxes.astype(np.float32), alarms.astype(np.float32))


def test_a_head_tells_people_of_another_place_from_what_is_none():
    head = fit_person_head([place(0), place(1)])
    other = place(2)
    assert (head(other.people) > 0).mean() > 0.95
    assert (head(other.nobody) < 0).mean() > 0.95
    assert (head(other.found) < 0).mean() > 0.9


def test_places_that_were_left_out_tell_what_is_lost_and_what_is_found_out():
    places = {name: place(seed) for seed, name in enumerate(("gate", "hall"))}
    places |= {name: place(seed, nobody=0) for seed, name in enumerate(("first crops", "second crops"), start=2)}
    figures, zero = judge(places, lambda line: None)
    assert figures.keys() == places.keys()
    lost = np.mean([figures[name]["people_lost"] for name in ("first crops", "second crops")])
    assert lost == pytest.approx(LOST, abs=0.001)
    for name in ("gate", "hall"):
        assert figures[name]["boxes_auc"] > 0.98
        assert figures[name]["boxes_found_out"] > 0.3
    assert figures["first crops"].keys() == {"people", "people_lost"}
    assert np.isfinite(zero)
