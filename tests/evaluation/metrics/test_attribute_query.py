import numpy as np
import pytest

from surveil.evaluation.metrics.attribute_query import evaluate_attribute_queries


def person(*, hat=0, upper=0):
    """(32,) certain outputs."""
    outputs = np.zeros(32, np.float32)
    outputs[[0, 13 + upper, 22]] = 1
    outputs[11] = hat
    return outputs


PEOPLE = {1: person(hat=1), 2: person(upper=2), 3: person(upper=2), 4: person()}


def test_who_is_seen_as_annotated_is_found_first():
    ids = np.array([1, 2, 3, 3, 4, 0, -1])
    seen = np.stack([PEOPLE[i] if i > 0 else person(upper=5) for i in ids])
    result = evaluate_attribute_queries(seen, ids, PEOPLE)
    assert (result.queries, result.mean_average_precision, result.rank1) == (3, 1, 1)


def test_a_ranking_by_hand():
    """Person 4 has no hat, but one image seems to; person 1's hat is half hidden; a distractor looks like 4."""
    ids = np.array([1, 4, 4, 0])
    seen = np.stack([person(), person(), person(), person()])
    seen[:, 11] = [0.5, 0.8, 0.1, 0.2]
    result = evaluate_attribute_queries(seen, ids, {1: PEOPLE[1], 4: PEOPLE[4]})
    hat = 1 / 2
    bare = (1 / 1 + 2 / 4) / 2
    assert result.mean_average_precision == pytest.approx((hat + bare) / 2)
    assert result.rank1 == 0.5


def test_chance_is_what_a_random_order_gets():
    rng = np.random.default_rng(0)
    ids = np.repeat([1, 2, 3, 4], 6)
    scores = []
    for _ in range(400):
        noise = np.repeat(rng.random(24).astype(np.float32)[:, None], 32, axis=1)
        shuffled = rng.permutation(24)
        result = evaluate_attribute_queries(noise, ids[shuffled], PEOPLE)
        scores.append(result.mean_average_precision)
    assert np.mean(scores) == pytest.approx(result.chance, abs=0.02)
    assert result.queries == 3
