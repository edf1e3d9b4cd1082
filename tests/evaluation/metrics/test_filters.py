import numpy as np
import pytest

from surveil.attributes import ATTRIBUTES, BY_NAME, OUTPUT_NAMES, OUTPUTS
from surveil.evaluation.metrics.filters import evaluate_filters
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


def test_what_passes_is_what_a_search_lets_pass(database, fill, made_up):
    """Everybody is taken to have what is asked, so that the recall is the share who pass."""
    says = np.random.default_rng(0).random((40, OUTPUTS)).astype(np.float32)
    for attribute in ATTRIBUTES:
        if attribute.exclusive:
            says[:, attribute.outputs] /= says[:, attribute.outputs].sum(axis=1, keepdims=True)
    fill([made_up(i, outputs=dict(zip(OUTPUT_NAMES, row.tolist(), strict=True))) for i, row in enumerate(says)])
    with database.session() as session:
        thresholds = model_in_use(session).thresholds
        for attribute in ATTRIBUTES:
            for place, label in enumerate(attribute.labels):
                truth = np.zeros_like(says)
                truth[:, attribute.first + (place if attribute.exclusive else 0)] = attribute.exclusive or place
                figures = evaluate_filters(says, truth, thresholds)[f"{attribute.name} {label}"]
                found = session.scalars(candidates(session, Filters(attributes={attribute.name: (label,)}))).all()
                assert len(found) == pytest.approx(40 * figures.recall), (attribute.name, label)
                assert figures.precision in (None, 1.0)
    assert set(evaluate_filters(says, truth, thresholds)) == {
        f"{a} {label}" for a in BY_NAME for label in BY_NAME[a].labels
    }
