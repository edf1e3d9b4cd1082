"""Charts: what is drawn is what was measured, and the pictures decode."""

import io

import matplotlib
import numpy as np
import pytest
from PIL import Image as Pictures

from surveil.attributes import ATTRIBUTES, BY_NAME
from surveil.calibration import Calibration
from surveil.evaluation.metrics.attributes import evaluate_attributes
from surveil.evaluation.metrics.calibration import PairSimilarities, same_person_reliability
from surveil.evaluation.metrics.reid import ReIDResult
from surveil.evaluation.output.plots import (
    DPI,
    attributes_chart,
    cmc_chart,
    plain_style,
    precision_recall_chart,
    reliability_chart,
    same_person_chart,
    similarity_chart,
)


@pytest.fixture(scope="module")
def outputs():
    """Targets of 200 images and probabilities that agree with them most of the time; nobody wears a hat."""
    random = np.random.default_rng(0)
    targets, logits = np.zeros((200, 32), np.float32), random.normal(size=(200, 32)).astype(np.float32)
    for attribute in ATTRIBUTES:
        if attribute.exclusive:
            targets[np.arange(200), attribute.first + random.integers(0, 3, 200)] = 1
        elif attribute.name != "hat":
            targets[:, attribute.first] = random.random(200) < 0.3
    logits += 3 * (targets - 0.5)
    probabilities = 1 / (1 + np.exp(-logits))
    for attribute in ATTRIBUTES:
        if attribute.exclusive:
            probabilities[:, attribute.outputs] /= probabilities[:, attribute.outputs].sum(axis=1, keepdims=True)
    return probabilities, targets


@pytest.fixture
def pairs():
    centres = np.linspace(-0.995, 0.995, 200)
    same = np.round(1e3 * np.exp(-(((centres - 0.7) / 0.15) ** 2))).astype(int)
    different = np.round(1e5 * np.exp(-(((centres - 0.1) / 0.2) ** 2))).astype(int)
    return PairSimilarities(np.linspace(-1, 1, 201), same, different)


def ranking(*first):
    known = np.array(first)
    return ReIDResult(np.full(len(first), 0.5), np.full(len(first), 0.5), known, 90)


def drawn(figure):
    """The picture as (height, width, 3)."""
    file = io.BytesIO()
    figure.savefig(file)
    return np.asarray(Pictures.open(file).convert("RGB"))


def test_a_matplotlibrc_that_lies_about_changes_no_chart():
    def chart():
        with plain_style():
            return drawn(cmc_chart({"joined 544": ranking(1, 2, 5)}))

    expected = chart()
    with matplotlib.rc_context({"axes.facecolor": "red", "font.size": 30, "savefig.dpi": 20}):
        assert np.array_equal(chart(), expected)


def panel(figure, title):
    return next(axes for axes in figure.axes if axes.get_title(loc="left") == title)


def headings(figure):
    return " ".join(text.get_text() for text in figure.texts)


def test_every_chart_is_a_picture_of_its_size_and_not_blank(outputs, pairs):
    probabilities, targets = outputs
    calibration = Calibration(slope=12.0, intercept=-5.0)
    for figure in (
        cmc_chart({"joined 544": ranking(0, 1), "features 512": ranking(3, 8)}),
        attributes_chart(evaluate_attributes(probabilities, targets)),
        precision_recall_chart(probabilities, targets, calibration),
        reliability_chart(probabilities, targets),
        same_person_chart(pairs, same_person_reliability(pairs, calibration.same_person(pairs.centres))),
        similarity_chart(pairs, calibration),
    ):
        picture = drawn(figure)
        width, height = figure.get_size_inches()
        assert picture.shape == (round(height * DPI), round(width * DPI), 3)
        assert (picture == 255).all(axis=2).mean() > 0.5, "mostly paper"
        blue = (abs(picture.astype(int) - (0, 114, 178)) < 8).all(axis=2)
        assert blue.sum() > 100, "something is drawn in blue"


def test_cmc_lines_are_the_shares_of_queries_found(outputs):
    figure = cmc_chart({"joined 544": ranking(0, 0, 4, 60), "features 512": ranking(1, 1, 1, 1)})
    joined, features = figure.axes[0].lines
    ranks = joined.get_xdata().tolist()
    assert [joined.get_ydata()[ranks.index(k)] for k in (1, 4, 5, 50)] == [0.5, 0.5, 0.75, 0.75]
    assert [features.get_ydata()[ranks.index(k)] for k in (1, 2)] == [0, 1]
    assert "4 queries against 90 gallery images" in headings(figure)
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels == ["joined 544: 50.0%", "features 512: 0.0%"]


def test_a_bar_is_as_long_as_its_figure(outputs):
    result = evaluate_attributes(*outputs)
    accuracy, balanced, f1 = attributes_chart(result).axes
    model, constant = accuracy.containers
    assert [bar.get_width() for bar in model] == [each.model.accuracy for each in result.attributes]
    assert [bar.get_width() for bar in constant] == [each.constant.accuracy for each in result.attributes]
    assert balanced.containers[0][3].get_width() == result.attributes[3].model.balanced_accuracy
    backpack = next(each for each in result.attributes if each.attribute.name == "backpack")
    written = {text.get_text() for text in f1.texts}
    assert f"{100 * backpack.model.f1:.0f}" in written
    assert len(f1.texts) == 2 * 11, "all but the hat, which nobody wears"


def test_the_dot_is_where_the_model_decides(outputs):
    probabilities, targets = outputs
    thresholds = [0.5] * 9
    thresholds[BY_NAME["backpack"].first - 4] = 0.8
    figure = precision_recall_chart(probabilities, targets, Calibration(thresholds=tuple(thresholds)))
    for name, threshold in (("backpack", 0.8), ("bag", 0.5)):
        output = BY_NAME[name].first
        called, truth = probabilities[:, output] >= threshold, targets[:, output] == 1
        prevalence, curve, dot = panel(figure, name).lines
        assert dot.get_xdata()[0] == pytest.approx(truth[called].sum() / truth.sum())
        assert dot.get_ydata()[0] == pytest.approx(truth[called].mean())
        on_curve = np.isclose(curve.get_xdata(), dot.get_xdata()[0]) & np.isclose(curve.get_ydata(), dot.get_ydata()[0])
        assert on_curve.any()
        assert prevalence.get_ydata()[0] == pytest.approx(truth.mean())
    assert panel(figure, "hat").get_title(loc="right") == "no image"
    assert panel(figure, "upper colour").get_title(loc="right") == "3 labels"
    assert panel(figure, "sleeve: short")


def test_an_attribute_that_is_never_said_has_no_dot(outputs):
    probabilities, targets = outputs
    probabilities = probabilities.copy()
    probabilities[:, BY_NAME["bag"].first] *= 0.4
    bag = panel(precision_recall_chart(probabilities, targets, Calibration()), "bag")
    assert len(bag.lines) == 2
    assert bag.get_title(loc="right").endswith("never said")


def test_calibration_errors_are_those_of_the_table(outputs):
    figure = reliability_chart(*outputs)
    for each in evaluate_attributes(*outputs).attributes:
        note = panel(figure, each.attribute.title).get_title(loc="right")
        assert note == f"ECE {100 * each.model.calibration_error:.1f}%"


def test_reliability_of_an_honest_and_of_a_boastful_model(outputs):
    random = np.random.default_rng(3)
    output = BY_NAME["gender"].first
    probabilities, targets = (np.repeat(array, 20, axis=0) for array in outputs)
    probabilities[:, output] = random.random(4000)
    targets[:, output] = random.random(4000) < probabilities[:, output]

    def points(values):
        offsets = panel(reliability_chart(values, targets), "gender: female").collections[0].get_offsets()
        return np.ma.filled(offsets, np.nan)

    confidence, share = points(probabilities).T
    assert np.abs(confidence - share).max() < 0.1
    boastful = probabilities.copy()
    boastful[:, output] = boastful[:, output].round()
    drawn_points = points(boastful)
    assert drawn_points[~np.isnan(drawn_points).any(axis=1)] == pytest.approx(
        np.array([[0, 0.25], [1, 0.75]]), abs=0.05
    )


def test_similarities_are_shares_of_their_kind(pairs):
    figure = similarity_chart(pairs, Calibration(slope=12.0, intercept=-5.0))
    assert f"{pairs.same.sum():,} pairs of one person" in headings(figure)
    axes, probability = figure.axes
    heights = [patch.get_data().values for patch in axes.patches]
    assert [values.sum() for values in heights] == pytest.approx([1, 1, 1, 1])
    assert probability.lines[0].get_ydata()[-1] == pytest.approx(1 / (1 + np.exp(5 - 12 * pairs.centres[-1])))


def test_without_calibration_no_probability_is_drawn(pairs):
    assert len(similarity_chart(pairs, Calibration()).axes) == 1
