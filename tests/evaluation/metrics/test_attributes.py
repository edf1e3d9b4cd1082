"""Attribute figures against scikit-learn-like definitions worked out by hand and on random labels."""

from dataclasses import replace

import numpy as np
import pytest

from surveil.attributes import ATTRIBUTES, BY_NAME, OUTPUTS
from surveil.evaluation.metrics.attributes import evaluate_attributes, macro_precision_recall, precision_recall


def outputs(count, **labels):
    """(count, 32) certain outputs; labels are lists of label indices, the first label where not given."""
    table = np.zeros((count, OUTPUTS), np.float32)
    for attribute in ATTRIBUTES:
        chosen = np.asarray(labels.get(attribute.name, [0] * count))
        if attribute.exclusive:
            table[np.arange(count), attribute.first + chosen] = 1
        else:
            table[:, attribute.first] = chosen
    return table


def score(name, predicted, truth):
    result = evaluate_attributes(outputs(len(truth), **{name: predicted}), outputs(len(truth), **{name: truth}))
    return next(r for r in result.attributes if r.attribute.name == name)


def test_binary_by_hand():
    result = score("handbag", predicted=[1, 1, 0, 0, 0], truth=[1, 0, 1, 0, 0])
    model = result.model
    assert model.accuracy == pytest.approx(3 / 5)
    assert model.balanced_accuracy == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert (model.precision, model.recall, model.f1) == (0.5, 0.5, 0.5)
    assert result.majority == "no"
    assert (result.constant.accuracy, result.constant.balanced_accuracy) == (pytest.approx(3 / 5), 0.5)
    assert (result.constant.precision, result.constant.recall, result.constant.f1) == (0, 0, 0)


def test_exclusive_by_hand():
    result = score("upper_colour", predicted=[0, 2, 2, 8], truth=[0, 0, 2, 8])
    assert result.model.accuracy == 0.75
    assert result.model.balanced_accuracy == pytest.approx((0.5 + 1 + 1) / 3)
    assert (result.majority, result.constant.accuracy) == ("black", 0.5)
    assert result.constant.balanced_accuracy == pytest.approx(1 / 3)
    assert result.model.f1 == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)


def test_constant_answers_the_majority_even_where_it_is_the_positive_label():
    result = score("lower_type", predicted=[0, 0, 0, 0], truth=[1, 1, 1, 0])
    assert (result.majority, result.constant.accuracy, result.constant.recall) == ("pants", 0.75, 1)
    assert result.constant.f1 == pytest.approx(6 / 7)


def test_without_a_positive_image_recall_and_f1_are_unknown():
    result = score("hat", predicted=[1, 0], truth=[0, 0])
    assert (result.model.precision, result.model.recall, result.model.f1) == (0, None, None)
    result = evaluate_attributes(outputs(2), outputs(2, gender=[0, 1]))
    assert result.means()["f1_binary"] == 0, "only gender has a positive image, and it was missed"


def test_the_likeliest_label_answers():
    probabilities = outputs(2)
    probabilities[:, BY_NAME["hat"].first] = (0.49, 0.51)
    probabilities[:, BY_NAME["age"].outputs] = [(0.3, 0.1, 0.4, 0.2), (0.4, 0.3, 0.2, 0.1)]
    result = evaluate_attributes(probabilities, outputs(2, hat=[0, 1], age=[2, 0]))
    assert [r.model.accuracy for r in result.attributes] == [1] * 12


def test_means_are_over_attributes_and_a_constant_model_scores_as_the_constant():
    random = np.random.default_rng(3)
    truth = outputs(200, **{a.name: random.integers(0, len(a.labels), 200) for a in ATTRIBUTES})
    guess = outputs(200, **{a.name: random.integers(0, len(a.labels), 200) for a in ATTRIBUTES})
    result = evaluate_attributes(guess, truth)
    means = result.means()
    assert means["accuracy"] == pytest.approx(np.mean([r.model.accuracy for r in result.attributes]))
    assert means["f1_binary"] == pytest.approx(
        np.mean([r.model.f1 for r in result.attributes if not r.attribute.exclusive])
    )
    assert 0.3 < means["f1_binary"] < 0.6
    majority = outputs(
        200, **{r.attribute.name: [r.attribute.labels.index(r.majority)] * 200 for r in result.attributes}
    )
    constant = evaluate_attributes(majority, truth)
    plain = [replace(r.model, auc=None, calibration_error=None) for r in constant.attributes]
    assert plain == [r.constant for r in result.attributes]


def test_summary_names_the_positive_label():
    summary = evaluate_attributes(outputs(3), outputs(3, hair=[0, 1, 1])).summary()
    assert summary["images"] == 3
    assert summary["each"]["hair"]["positive"] == "long"
    assert summary["each"]["hair"]["constant"]["label"] == "long"
    assert set(summary["each"]) == set(BY_NAME)
    measured = {"accuracy", "balanced_accuracy", "f1", "auc", "calibration_error", "chance_calibration_error"}
    assert set(summary["each"]["age"]) == {*measured, "constant"}


@pytest.mark.parametrize("shape", [(0, 32), (3, 31), (3, 32, 1)])
def test_wrong_shapes(shape):
    with pytest.raises(ValueError, match="32"):
        evaluate_attributes(np.zeros(shape, np.float32), np.zeros(shape, np.float32))


def test_thresholds_decide_what_is_called_positive():
    truth = outputs(4, hat=[1, 1, 0, 0])
    seen = outputs(4)
    seen[:, BY_NAME["hat"].first] = [0.6, 0.3, 0.3, 0.1]

    def hat(thresholds):
        result = evaluate_attributes(seen, truth, thresholds)
        return next(r.model for r in result.attributes if r.attribute.name == "hat")

    assert (hat(None).recall, hat(None).precision) == (0.5, 1)
    assert (hat({"hat": 0.3}).recall, hat({"hat": 0.3}).precision) == (1, pytest.approx(2 / 3))
    assert hat({"bag": 0.3}) == hat(None)


def test_auc_is_the_chance_of_ranking_a_positive_image_first():
    rng = np.random.default_rng(0)
    truth, seen = outputs(60, hat=rng.integers(0, 2, 60)), outputs(60)
    column = BY_NAME["hat"].first
    seen[:, column] = (rng.integers(0, 8, 60) / 7).astype(np.float32)  # many are equal
    ones, zeros = seen[truth[:, column] == 1, column], seen[truth[:, column] == 0, column]
    wins = (ones[:, None] > zeros).mean() + 0.5 * (ones[:, None] == zeros).mean()
    result = evaluate_attributes(seen, truth)
    hat = next(r for r in result.attributes if r.attribute.name == "hat")
    assert hat.model.auc == pytest.approx(wins)
    assert hat.constant.auc is None


def test_calibration_error_is_the_gap_between_what_is_said_and_what_is():
    truth, seen = outputs(10, hat=[1] * 3 + [0] * 7), outputs(10)
    seen[:, BY_NAME["hat"].first] = 0.5
    result = evaluate_attributes(seen, truth)
    error = {r.attribute.name: r.model.calibration_error for r in result.attributes}
    assert error["hat"] == pytest.approx(0.2)
    assert error["gender"] == error["upper_colour"] == 0


def test_few_people_look_badly_calibrated_whatever_the_model():
    rng = np.random.default_rng(1)
    people, column = np.repeat(np.arange(60), 5), BY_NAME["hat"].first
    seen, truth = outputs(300), outputs(300)
    seen[:, column] = np.repeat(rng.random(60), 5)
    errors, chance = [], []
    for _ in range(25):  # a person has a hat as often as is claimed
        truth[:, column] = np.repeat(rng.random(60), 5) < seen[:, column]
        result = evaluate_attributes(seen, truth, people=people)
        [hat] = [r for r in result.attributes if r.attribute.name == "hat"]
        errors.append(hat.model.calibration_error)
        chance.append(hat.chance_error)
    assert len(set(chance)) == 1
    assert chance[0] == pytest.approx(np.mean(errors), rel=0.1)
    assert chance[0] > 0.1
    alone = evaluate_attributes(seen, truth, people=np.arange(300))
    assert alone.means()["chance_calibration_error"] < result.means()["chance_calibration_error"]


def test_precision_and_recall_at_every_threshold():
    random = np.random.default_rng(0)
    scores = random.integers(0, 12, 60).astype(np.float32)  # with ties
    truth = random.random(60) < 0.3
    recall, precision = precision_recall(scores, truth)
    for threshold, r, p in zip(sorted(set(scores), reverse=True), recall, precision, strict=True):
        called = scores >= threshold
        assert r == (called & truth).sum() / truth.sum()
        assert p == (called & truth).sum() / called.sum()
    assert recall[-1] == 1


def test_the_macro_curve_is_the_mean_over_labels_that_occur():
    scores = np.array([[0.9, 0.8, 0.0], [0.6, 0.4, 0.0], [0.1, 0.9, 0.0]], np.float32)
    truth = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0]], bool)
    # The first label is ranked perfectly, so is the second; nobody has the third.
    assert macro_precision_recall(scores, truth, np.array([0, 0.5, 1])).tolist() == [1, 1, 1]
    scores[1, 1] = 0.95  # the second label's only image is now ranked after another
    assert macro_precision_recall(scores, truth, np.array([0, 0.5, 1])).tolist() == [0.5, 0.75, 0.75]
