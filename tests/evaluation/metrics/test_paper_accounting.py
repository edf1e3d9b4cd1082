import numpy as np
import pytest

from surveil.evaluation.metrics.paper_accounting import COLUMNS, FIRST_TEN, PUBLISHED, paper_accounting


def test_every_output_is_a_yes_or_no_of_its_own():
    targets = np.zeros((2, 32), np.float32)
    targets[:, [0, 13, 22]] = 1
    seen = targets.copy()
    seen[0, [13, 14]] = [0.2, 0.8]  # white for black: two of nine wrong
    seen[1, 13] = 0.4  # no colour above one half: one of nine wrong
    seen[0, 12] = 0.9  # female for male
    found = paper_accounting(seen, targets)
    assert found.model["upper_colour"] == pytest.approx(1 - 3 / 18)
    assert found.model["gender"] == 0.5
    assert found.model["lower_colour"] == 1
    assert found.averages(found.model) == (pytest.approx(0.95), pytest.approx((11 - 0.5 + 1 - 3 / 18) / 12))


def test_the_constant_answer_scores_high():
    rng = np.random.default_rng(0)
    targets = np.zeros((90, 32), np.float32)
    targets[:, [0, 22]] = 1
    targets[np.arange(90), 13 + rng.permutation(90) % 9] = 1
    assert paper_accounting(targets, targets).constant["upper_colour"] == pytest.approx(8 / 9)


@pytest.mark.parametrize("values", PUBLISHED.values(), ids=list(PUBLISHED))
def test_the_published_averages_are_those_of_their_rows(values):
    assert len(values) == len(COLUMNS) + 2
    assert np.mean(values[:FIRST_TEN]) == pytest.approx(values[-2], abs=0.06)
    # The first row's second average is printed 0.7 higher than its values make it; it stays as printed.
    assert np.mean(values[: len(COLUMNS)]) == pytest.approx(values[-1], abs=0.75)
