from dataclasses import asdict

import numpy as np
import pytest

from surveil.calibration import Calibration


def test_without_a_fitted_curve_there_is_no_probability():
    assert Calibration().same_person(0.9) is None


@pytest.mark.parametrize("half", [Calibration(slope=10.0), Calibration(intercept=-5.0)])
def test_half_a_curve_is_none(half):
    assert half.same_person(0.9) is None
    assert half.similarity_of(0.7) is None


def test_the_curve_is_logistic_in_the_similarity():
    calibration = Calibration(slope=10.0, intercept=-5.0)
    np.testing.assert_allclose(calibration.same_person([0.5, 1.0]), [0.5, 1 / (1 + np.exp(-5))])


def test_a_power_raises_what_is_alike_but_not_very():
    plain, powered = Calibration(slope=20.0, intercept=-5.0), Calibration(slope=20.0, intercept=-5.0, power=2.0)
    np.testing.assert_allclose(powered.same_person([0.5, -0.5]), [0.5, 1 / (1 + np.exp(10))])
    assert (np.diff(powered.same_person(np.linspace(-1, 1, 50))) > 0).all()
    assert powered.same_person(1.0) == plain.same_person(1.0)


@pytest.mark.parametrize("power", [1.0, 1.8])
@pytest.mark.parametrize("probability", [0.001, 0.7])
def test_a_probability_has_its_similarity(power, probability):
    calibration = Calibration(slope=10.0, intercept=-5.0, power=power)
    assert calibration.same_person(calibration.similarity_of(probability)) == pytest.approx(probability)
    assert Calibration().similarity_of(probability) is None


def test_a_card_that_knows_no_power_is_read_as_before():
    values = asdict(Calibration(slope=10.0, intercept=-5.0))
    del values["power"]
    assert Calibration.from_dict(values) == Calibration(slope=10.0, intercept=-5.0)


def test_a_temperature_reaches_every_output_of_its_attribute():
    temperatures = Calibration(temperatures=tuple(float(i) for i in range(1, 13))).output_temperatures()
    assert temperatures[:5].tolist() == [1, 1, 1, 1, 2]
    assert temperatures[22:].tolist() == [12] * 10


def test_logits_are_divided_by_their_temperature_and_shifted():
    rng = np.random.default_rng(0)
    fitted = Calibration(temperatures=tuple(rng.uniform(0.5, 3, 12)), offsets=tuple(rng.normal(size=32)))
    logits = rng.normal(0, 9, (6, 32)).astype(np.float32)
    shifted = (logits / fitted.output_temperatures() + np.float32(fitted.offsets)).astype(np.float32)
    np.testing.assert_allclose(fitted.probabilities(logits), Calibration().probabilities(shifted), rtol=1e-5)
    assert not np.allclose(fitted.probabilities(logits), Calibration().probabilities(logits), atol=0.1)


def test_one_temperature_per_attribute_is_required():
    with pytest.raises(ValueError, match="zip"):
        Calibration(temperatures=(1.0,)).output_temperatures()
