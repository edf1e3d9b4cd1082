"""Results as charts: each function takes figures or arrays and gives a matplotlib figure, drawn without a screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from surveil.attributes import ATTRIBUTES
from surveil.calibration import Calibration
from surveil.evaluation.metrics.attributes import (
    AttributesResult,
    Scores,
    Truth,
    attribute_reliability,
    macro_precision_recall,
    precision_recall,
)
from surveil.evaluation.metrics.calibration import PairSimilarities, Points, ReliabilityCurve
from surveil.evaluation.metrics.reid import ReIDResult
from surveil.formatting import percent
from surveil.palette import BLUE, FAINT, FIELD, GREEN, GREY, INK, OCHRE, ORANGE, PINK, SKY
from surveil.types import Floats

DPI = 120
_LINES = [(colour, dashes) for dashes in ("-", "--") for colour in (BLUE, ORANGE, GREEN, PINK, SKY, OCHRE)]
_RANKS = (1, 2, 5, 10, 20, 50)
_RECALLS = np.linspace(0, 1, 101)
_PERCENT = PercentFormatter(1, decimals=0)


def plain_style() -> AbstractContextManager[None]:
    """Charts made and saved in here look the same whatever a `matplotlibrc` in the current folder says."""
    return style.context("default")


def cmc_chart(results: Mapping[str, ReIDResult]) -> Figure:
    """Cumulative matching characteristic, one line per way of ranking the gallery."""
    first = next(iter(results.values()))
    figure = _figure(
        "Cumulative matching characteristic",
        f"{first.queries:,} queries against {first.gallery:,} gallery images, official protocol",
        (8, 5),
    )
    axes = _style(figure.add_subplot())
    ranks = np.arange(1, _RANKS[-1] + 1)
    for (name, result), (colour, dashes) in zip(results.items(), _LINES, strict=False):
        label = f"{name}: {percent(result.rank(1), 1)}"
        axes.plot(ranks, [result.rank(int(k)) for k in ranks], dashes, color=colour, linewidth=1.8, label=label)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(_RANKS))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda k, _: f"{k:.0f}"))
    axes.set_xlim(1, _RANKS[-1])
    axes.set_ylim(top=1)
    axes.yaxis.set_major_formatter(_PERCENT)
    axes.set_xlabel("first k matches")
    axes.set_ylabel("queries with the person among them")
    axes.legend(
        title="ranked by: Rank-1", title_fontsize=9, loc="lower right", frameon=False, fontsize=9, alignment="left"
    )
    return figure


def attributes_chart(result: AttributesResult) -> Figure:
    """Bars per attribute, the model's over the constant predictor's, for three measures."""
    figure = _figure(
        "Attributes: the model against the constant predictor",
        f"{result.images:,} gallery images; the constant predictor always answers the commonest label",
        (11, 5.6),
    )
    measures: dict[str, Callable[[Scores], float | None]] = {
        "accuracy": lambda scores: scores.accuracy,
        "balanced accuracy": lambda scores: scores.balanced_accuracy,
        "F1 (age, colours: mean over labels)": lambda scores: scores.f1,
    }
    rows = np.arange(len(result.attributes), dtype=np.float64)
    panels = figure.subplots(1, len(measures), sharey=True)
    for axes, (name, measure) in zip(panels, measures.items(), strict=True):
        _style(axes).set_title(name, fontsize=10, loc="left", color=INK)
        _bars(axes, rows - 0.19, [measure(each.model) for each in result.attributes], BLUE, "model")
        _bars(axes, rows + 0.19, [measure(each.constant) for each in result.attributes], GREY, "constant predictor")
        axes.set_xlim(0, 1.12)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
        axes.xaxis.set_major_formatter(_PERCENT)
        axes.grid(False, axis="y")
    panels[0].set_yticks(rows, [each.attribute.title for each in result.attributes])
    panels[0].invert_yaxis()
    figure.legend(*panels[0].get_legend_handles_labels(), loc="upper right", ncols=2, frameon=False, fontsize=9)
    return figure


def _bars(axes: Axes, places: Points, values: Sequence[float | None], colour: str, name: str) -> None:
    axes.barh(places, [value or 0 for value in values], 0.36, color=colour, label=name)
    for place, value in zip(places, values, strict=True):
        if value is not None:
            axes.text(value + 0.015, place, percent(value, sign=""), va="center", fontsize=7.5, color=INK)


def precision_recall_chart(probabilities: Floats, targets: Floats, calibration: Calibration) -> Figure:
    """A precision-recall panel per attribute; of colours and age the mean over the labels that occur.

    Args:
        probabilities: (N, 32) as the model gives them.
        targets: (N, 32), 0 or 1.
        calibration: Its thresholds are where the model says yes.
    """
    figure = _figure(
        "Precision and recall of each attribute",
        f"{len(targets):,} gallery images. Dot: where the model decides. Dashed, and in figures at the right: how "
        "common the label is,\nwhich is the precision of guessing. Age and colours: mean over the labels that occur",
        (11, 8.4),
    )
    for attribute, axes in zip(ATTRIBUTES, _panels(figure), strict=True):
        scores = attribute.probabilities(probabilities)
        truth = attribute.probabilities(targets) > 0.5
        if attribute.exclusive:
            _macro_panel(axes, scores, truth)
        else:
            _binary_panel(axes, scores[:, 1], truth[:, 1], calibration.threshold_of()[attribute.name])
        axes.set_title(attribute.title, fontsize=10, loc="left", color=INK)
        _unit_axes(axes, "recall", "precision")
    return figure


def _binary_panel(axes: Axes, scores: Floats, truth: Truth, threshold: float) -> None:
    prevalence = float(truth.mean())
    axes.axhline(prevalence, color=GREY, linestyle="--", linewidth=1)
    if not truth.any():
        _note(axes, "no image")
        return
    recall, precision = precision_recall(scores, truth)
    axes.plot(recall, precision, color=BLUE, linewidth=1.6)
    called = scores >= threshold
    if called.any():
        axes.plot((called & truth).sum() / truth.sum(), truth[called].mean(), "o", color=ORANGE, markersize=6)
    _note(axes, percent(prevalence, 1) if called.any() else f"{percent(prevalence, 1)}, never said")


def _macro_panel(axes: Axes, scores: Floats, truth: Truth) -> None:
    labels = np.flatnonzero(truth.any(axis=0))
    axes.axhline(1 / len(labels), color=GREY, linestyle="--", linewidth=1)
    axes.plot(_RECALLS, macro_precision_recall(scores, truth, _RECALLS), color=BLUE, linewidth=1.6)
    answers = scores.argmax(axis=1)
    recall = np.mean([(answers[truth[:, label]] == label).mean() for label in labels])
    precision = np.mean([truth[answers == label, label].mean() if (answers == label).any() else 0 for label in labels])
    axes.plot(recall, precision, "o", color=ORANGE, markersize=6)
    _note(axes, f"{len(labels)} labels")


def reliability_chart(probabilities: Floats, targets: Floats) -> Figure:
    """A reliability diagram per attribute; its calibration errors are those of `Scores.calibration_error`.

    Args:
        probabilities: (N, 32) as the model gives them.
        targets: (N, 32), 0 or 1.
    """
    figure = _figure(
        "ReliabilityCurve of attribute probabilities",
        f"{len(targets):,} gallery images, 15 bins. Blue: how often the label is there; of age and colours, how often "
        "the likeliest label is right.\nGrey: share of the images in the bin. ECE: expected calibration error",
        (11, 8.4),
    )
    for attribute, axes in zip(ATTRIBUTES, _panels(figure), strict=True):
        _reliability_panel(axes, attribute_reliability(attribute, probabilities, targets))
        axes.set_title(attribute.title, fontsize=10, loc="left", color=INK)
        _unit_axes(axes, "probability given", "how often it was so")
    return figure


def same_person_chart(pairs: PairSimilarities, bins: ReliabilityCurve) -> Figure:
    """ReliabilityCurve of the probability that two pictures show one person."""
    figure = _figure(
        "ReliabilityCurve of the probability of one person",
        f"{_pairs(pairs)};\nweighted as if half of them showed one person, as the probability assumes",
        (5.6, 5.6),
    )
    axes = _style(figure.add_subplot())
    _reliability_panel(axes, bins)
    _unit_axes(axes, "probability that it is the same person", "pairs that are")
    return figure


def similarity_chart(pairs: PairSimilarities, calibration: Calibration) -> Figure:
    """How similar pictures of one person and of two are, with the curve that makes a probability of it."""
    figure = _figure("Similarity of pictures from different cameras", _pairs(pairs), (8, 5))
    axes = _style(figure.add_subplot())
    step = max(1, len(pairs.centres) // 100)
    edges = pairs.edges[::step]
    for counts, colour, name in ((pairs.different, GREY, "two people"), (pairs.same, BLUE, "one person")):
        shares = np.add.reduceat(counts, np.arange(0, len(counts), step)) / counts.sum()
        axes.stairs(shares, edges, fill=True, color=colour, alpha=0.45)
        axes.stairs(shares, edges, color=colour, linewidth=1.2, label=name)
    occupied = pairs.centres[(pairs.same + pairs.different) > 0]
    axes.set_xlim(occupied[0] - 0.05, min(1.0, occupied[-1] + 0.05))
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(_PERCENT)
    axes.set_xlabel("similarity")
    axes.set_ylabel(f"pairs per {edges[1] - edges[0]:.2f} of similarity")
    lines, names = axes.get_legend_handles_labels()
    probability = calibration.same_person(pairs.centres)
    if probability is not None:
        other = axes.twinx()
        lines += other.plot(pairs.centres, probability, color=ORANGE, linewidth=1.8)
        names.append("calibrated probability of one person (right)")
        other.set_ylim(0, 1)
        other.yaxis.set_major_formatter(_PERCENT)
        other.spines[:].set_visible(False)
        other.tick_params(colors=FAINT, labelsize=9, length=0)
    axes.legend(lines, names, loc="upper left", frameon=False, fontsize=9)
    return figure


def _reliability_panel(axes: Axes, bins: ReliabilityCurve) -> None:
    edges = np.linspace(0, 1, len(bins.weight) + 1)
    axes.stairs(bins.weight, edges, fill=True, color=FIELD)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
    axes.plot(bins.confidence, bins.accuracy, color=BLUE, linewidth=0.8, alpha=0.5)
    axes.scatter(bins.confidence, bins.accuracy, 8 + 70 * bins.weight, color=BLUE, zorder=3)
    _note(axes, f"ECE {percent(bins.error, 1)}")


def _figure(title: str, subtitle: str, inches: tuple[float, float]) -> Figure:
    """An empty figure with its two headings and the room below them laid out."""
    figure = Figure(inches, dpi=DPI, facecolor="white", layout="constrained")
    height = inches[1]
    lines = subtitle.count("\n") + 1
    figure.text(0.12 / inches[0], 1 - 0.12 / height, title, va="top", fontsize=12.5, weight="bold", color=INK)
    figure.text(0.12 / inches[0], 1 - 0.38 / height, subtitle, va="top", fontsize=9, color=FAINT, linespacing=1.35)
    engine = figure.get_layout_engine()
    assert engine is not None
    engine.set(rect=(0, 0, 1, 1 - (0.45 + 0.19 * lines) / height), wspace=0.04)  # type: ignore[call-arg]
    return figure


def _panels(figure: Figure) -> Sequence[Axes]:
    """A panel per attribute."""
    axes: Sequence[Axes] = figure.subplots(3, 4, sharex=True, sharey=True).ravel()
    return [_style(each) for each in axes]


def _style(axes: Axes) -> Axes:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.tick_params(colors=FAINT, labelsize=9, length=3, which="both")
    axes.grid(color=FIELD, linewidth=0.7, which="both")
    axes.set_axisbelow(True)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set(color=FAINT, size=9)
    return axes


def _unit_axes(axes: Axes, horizontal: str, vertical: str) -> None:
    """Both axes from 0 to 100 %; of a grid of panels only the outer ones carry labels."""
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.04)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(FixedLocator([0, 0.5, 1]))
        axis.set_minor_locator(FixedLocator([0.25, 0.75]))
        axis.set_major_formatter(_PERCENT)
    place = axes.get_subplotspec()
    if place is None or place.is_last_row():
        axes.set_xlabel(horizontal)
    if place is None or place.is_first_col():
        axes.set_ylabel(vertical)


def _note(axes: Axes, text: str) -> None:
    axes.set_title(text, fontsize=9, loc="right", color=FAINT)


def _pairs(pairs: PairSimilarities) -> str:
    return f"{pairs.same.sum():,} pairs of one person, {pairs.different.sum():,} pairs of two"
