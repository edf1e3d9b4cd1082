import numpy as np
import pytest

from surveil.attributes import ATTRIBUTES, BY_NAME, OUTPUT_NAMES, OUTPUTS
from surveil.evaluation.metrics.filters import evaluate_filter_curves, evaluate_filters
from surveil.search.filters import Filters, candidates
from surveil.store.models import model_in_use


def outputs(**probabilities):
    row = np.zeros(OUTPUTS, np.float32)
    for name, value in probabilities.items():
        row[OUTPUT_NAMES.index(name)] = value
    return row


def test_precision_and_recall_of_those_who_pass():
    says = np.stack([outputs(hat=p, upper_colour_red=r) for p, r in ((0.9, 0.6), (0.4, 0.6), (0.35, 0.1), (0.1, 0.9))])
    truth = np.stack([outputs(hat=h, upper_colour_red=r) for h, r in ((1, 1), (0, 1), (1, 1), (1, 0))])
    figures = evaluate_filters(says, truth, {"hat": 0.38})
    assert figures["hat yes"].summary() == {"precision": 0.5, "recall": pytest.approx(1 / 3, abs=1e-4), "share": 0.75}
    assert figures["hat no"].summary() == {"precision": 0.0, "recall": 0.0, "share": 0.25}, "only .9 is sure of none"
    two_thirds = pytest.approx(2 / 3, abs=1e-4)
    assert figures["upper_colour red"].summary() == {"precision": two_thirds, "recall": two_thirds, "share": 0.75}
    assert figures["upper_colour blue"].summary() == {"precision": None, "recall": None, "share": 0.0}
    assert figures["only upper_colour red"].summary() == {"precision": 0.0, "recall": 0.0, "share": 0.75}
    assert figures["not upper_colour red"].summary() == {"precision": 0.0, "recall": 0.0, "share": 0.25}
    assert figures["not hat yes"].summary() == figures["hat no"].summary(), "one who surely has none"


def test_precision_rises_and_recall_falls_with_the_least_probability():
    says = np.stack([outputs(hat=p) for p in (0.97, 0.85, 0.3, 0.05)])
    truth = np.stack([outputs(hat=h) for h in (1, 0, 1, 0)])
    curves = evaluate_filter_curves(says, truth)
    precision, recall = (curves.summary()[name]["hat yes"] for name in ("precision", "recall"))
    at = dict(zip(curves.least, zip(precision, recall, strict=True), strict=True))
    two_thirds = pytest.approx(2 / 3, abs=1e-4)
    assert (at[0.1], at[0.5], at[0.95], at[0.99]) == ((two_thirds, 1), (0.5, 0.5), (1, 0.5), (None, 0))
    assert "upper_colour red" not in curves.figures, "nobody has it"


def test_what_passes_is_what_a_search_lets_pass(database, fill, made_up):
    """Everybody is taken to have what is asked, or nobody, so that the recall is the share who pass."""
    says = np.random.default_rng(0).random((40, OUTPUTS)).astype(np.float32)
    for attribute in ATTRIBUTES:
        if attribute.exclusive:
            says[:, attribute.outputs] **= 20  # so that some are certain
            says[:, attribute.outputs] /= says[:, attribute.outputs].sum(axis=1, keepdims=True)
    fill([made_up(i, outputs=dict(zip(OUTPUT_NAMES, row.tolist(), strict=True))) for i, row in enumerate(says)])
    with database.session() as session:
        thresholds = model_in_use(session).thresholds

        def share(**asked):
            return pytest.approx(len(session.scalars(candidates(session, Filters(**asked))).all()) / 40)

        for attribute in ATTRIBUTES:
            for place, label in enumerate(attribute.labels):
                all_have, none_has = np.zeros_like(says), np.zeros_like(says)
                output = attribute.first + (place if attribute.exclusive else 0)
                all_have[:, output], none_has[:, output] = (1, 0) if attribute.exclusive or place else (0, 1)
                value, value_asked = f"{attribute.name} {label}", {attribute.name: (label,)}
                figures = evaluate_filters(says, all_have, thresholds)
                assert figures[value].recall == share(attributes=value_asked), value
                assert figures[value].precision in (None, 1.0)
                assert figures[f"only {value}"].recall == share(only=value_asked), value
                without = evaluate_filters(says, none_has, thresholds)[f"not {value}"]
                assert without.recall == share(without=value_asked), value
                curves = evaluate_filter_curves(says, all_have)
                for least, one in zip(curves.least, curves.figures[value], strict=True):
                    assert one.recall == share(attributes=value_asked, min_confidence=least), (value, least)
    values = {f"{a} {label}" for a in BY_NAME for label in BY_NAME[a].labels}
    assert set(figures) == {f"{prefix}{value}" for value in values for prefix in ("", "only ", "not ")}
