import numpy as np
import pytest

from surveil.attributes import (
    ATTRIBUTES,
    BY_NAME,
    COLOUR_WORDS,
    GARMENT_WORDS,
    OUTPUT_NAMES,
    OUTPUTS,
    SHADES,
    WORDS,
    decode,
)


def test_the_outputs_tile_the_32_in_the_order_of_the_report():
    covered = [index for attribute in ATTRIBUTES for index in range(OUTPUTS)[attribute.outputs]]
    assert covered == list(range(OUTPUTS))
    assert len(set(OUTPUT_NAMES)) == OUTPUTS
    assert [OUTPUT_NAMES[i] for i in (0, 3, 4, 12, 13, 21, 22, 31)] == [
        "age_young",
        "age_old",
        "backpack",
        "gender_female",
        "upper_colour_black",
        "upper_colour_multicolour",
        "lower_colour_black",
        "lower_colour_multicolour",
    ]


def test_decode_names_the_likeliest_label_of_each_attribute():
    outputs = np.full(OUTPUTS, 0.1, np.float32)
    outputs[OUTPUT_NAMES.index("age_adult")] = 0.7
    outputs[OUTPUT_NAMES.index("gender_female")] = 0.8
    outputs[OUTPUT_NAMES.index("hat")] = 0.25
    outputs[OUTPUT_NAMES.index("lower_colour_brown")] = 0.6
    values = decode(outputs)
    assert list(values) == [attribute.name for attribute in ATTRIBUTES]
    assert (values["age"].label, values["age"].probability) == ("adult", pytest.approx(0.7))
    assert (values["gender"].label, values["gender"].probability) == ("female", pytest.approx(0.8))
    assert (values["hat"].label, values["hat"].probability) == ("no", pytest.approx(0.75))
    assert values["lower_colour"].label == "brown"


def test_decode_refuses_another_number_of_outputs():
    with pytest.raises(ValueError, match="32 attribute probabilities"):
        decode(np.zeros(31, np.float32))


def test_label_probabilities_have_one_column_per_label():
    outputs = np.random.default_rng(0).random((5, OUTPUTS), np.float32)
    for attribute in ATTRIBUTES:
        assert attribute.probabilities(outputs).shape == (5, len(attribute.labels))


def test_every_word_an_operator_may_use_names_a_label_that_exists():
    for name, label in WORDS.values():
        assert label in BY_NAME[name].labels
    for name in GARMENT_WORDS.values():
        assert name in BY_NAME
    for colour in (*COLOUR_WORDS.values(), *(colour for colours in SHADES.values() for colour in colours)):
        assert colour in BY_NAME["upper_colour"].labels + BY_NAME["lower_colour"].labels
