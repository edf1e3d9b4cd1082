"""The 32 outputs of the model: their order, their groups, their labels and the words an operator may use.

This table is the only place that lists a label. The order is the report's and is part of every checkpoint:
age 4 (softmax), 9 independent attributes (sigmoid), upper colour 9 (softmax), lower colour 10 (softmax).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Attribute:
    """One of the 12 things the model says about a person.

    Attributes:
        name: How the attribute is called in commands, JSON and reports.
        labels: The values it can take. An exclusive attribute (softmax) has one output per label;
            a binary one (sigmoid) has two labels, and its single output is the probability of the second.
        first: Index of its first output among the 32.
        exclusive: True for softmax groups, False for a single sigmoid output.
    """

    name: str
    labels: tuple[str, ...]
    first: int
    exclusive: bool

    @property
    def outputs(self) -> slice:
        """Its outputs among the 32."""
        return slice(self.first, self.first + (len(self.labels) if self.exclusive else 1))

    @property
    def title(self) -> str:
        """Its name in words and, of a binary one that is not "yes" or "no", the label that its output stands for."""
        name = self.name.replace("_", " ")
        return name if self.exclusive or self.labels[1] == "yes" else f"{name}: {self.labels[1]}"

    def probabilities(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probability of each label: (..., 32) probabilities in, (..., len(labels)) out."""
        part = outputs[..., self.outputs]
        return part if self.exclusive else np.concatenate([1 - part, part], axis=-1)


_COLOURS = ("black", "white", "red", "purple", "yellow", "gray", "blue", "green", "multicolour")
_LOWER_COLOURS = ("black", "white", "pink", "purple", "yellow", "gray", "blue", "green", "brown", "multicolour")

ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute("age", ("young", "teenager", "adult", "old"), 0, True),
    Attribute("backpack", ("no", "yes"), 4, False),
    Attribute("bag", ("no", "yes"), 5, False),
    Attribute("handbag", ("no", "yes"), 6, False),
    Attribute("lower_type", ("dress", "pants"), 7, False),
    Attribute("lower_length", ("long", "short"), 8, False),
    Attribute("sleeve", ("long", "short"), 9, False),
    Attribute("hair", ("short", "long"), 10, False),
    Attribute("hat", ("no", "yes"), 11, False),
    Attribute("gender", ("male", "female"), 12, False),
    Attribute("upper_colour", _COLOURS, 13, True),
    Attribute("lower_colour", _LOWER_COLOURS, 22, True),
)
BY_NAME: dict[str, Attribute] = {attribute.name: attribute for attribute in ATTRIBUTES}
OUTPUTS = 32
AGE, INDEPENDENT, UPPER, LOWER = slice(0, 4), slice(4, 13), slice(13, 22), slice(22, 32)


def _output_names() -> Iterator[str]:
    for attribute in ATTRIBUTES:
        if attribute.exclusive:
            yield from (f"{attribute.name}_{label}" for label in attribute.labels)
        elif attribute.labels == ("no", "yes"):
            yield attribute.name
        else:
            yield f"{attribute.name}_{attribute.labels[1]}"


OUTPUT_NAMES: tuple[str, ...] = tuple(_output_names())
"""One name per output, in order; each output is the probability of what its name says."""

WORDS: dict[str, tuple[str, str]] = {
    "man": ("gender", "male"), "men": ("gender", "male"), "boy": ("gender", "male"), "male": ("gender", "male"),
    "gentleman": ("gender", "male"), "guy": ("gender", "male"),
    "woman": ("gender", "female"), "women": ("gender", "female"), "girl": ("gender", "female"),
    "female": ("gender", "female"), "lady": ("gender", "female"), "ladies": ("gender", "female"),
    "child": ("age", "young"), "children": ("age", "young"), "kid": ("age", "young"), "young": ("age", "young"),
    "teenager": ("age", "teenager"), "teen": ("age", "teenager"), "teenage": ("age", "teenager"),
    "adult": ("age", "adult"), "old": ("age", "old"), "elderly": ("age", "old"),
    "backpack": ("backpack", "yes"), "rucksack": ("backpack", "yes"),
    "bag": ("bag", "yes"), "handbag": ("handbag", "yes"), "purse": ("handbag", "yes"),
    "hat": ("hat", "yes"), "cap": ("hat", "yes"),
    "dress": ("lower_type", "dress"), "skirt": ("lower_type", "dress"),
    "pants": ("lower_type", "pants"), "trousers": ("lower_type", "pants"), "jeans": ("lower_type", "pants"),
    "shorts": ("lower_length", "short"),
}  # fmt: skip
"""Words of a text query that by themselves name a value."""

COLOUR_WORDS: dict[str, str] = {
    "grey": "gray", "violet": "purple",
    "multicolor": "multicolour", "multicoloured": "multicolour", "multicolored": "multicolour",
    "colourful": "multicolour", "colorful": "multicolour",
} | {colour: colour for colour in (*_COLOURS, *_LOWER_COLOURS)}  # fmt: skip
"""Words for colours; which garment they describe is told by the garment word that follows them."""

_SHADES: dict[tuple[str, ...], str] = {
    ("blue",): "navy azure cobalt",
    ("red",): "burgundy maroon scarlet crimson ruby",
    ("green",): "olive lime emerald",
    ("blue", "green"): "turquoise teal aqua",
    ("purple",): "lilac lavender mauve",
    ("yellow",): "mustard gold golden",
    ("gray",): "charcoal silver",
    ("white",): "cream ivory",
    ("brown",): "beige tan camel",
}
SHADES: dict[str, tuple[str, ...]] = {word: colours for colours, words in _SHADES.items() for word in words.split()}
"""Words for what the model has no colour of its own for, and the colours that come nearest; an answer says what was
taken. Left out is what may be several things (khaki) or none of the colours (orange)."""

GARMENT_WORDS: dict[str, str] = dict.fromkeys(
    ("top", "shirt", "t-shirt", "tshirt", "jacket", "coat", "sweater", "jumper", "hoodie", "blouse", "upper"),
    "upper_colour",
) | dict.fromkeys(
    ("trousers", "pants", "jeans", "shorts", "skirt", "dress", "bottom", "leggings", "lower"),
    "lower_colour",
)
"""Garments and which colour attribute they carry."""

LENGTH_WORDS: dict[str, str] = {"hair": "hair", "haired": "hair", "sleeve": "sleeve", "sleeved": "sleeve"} | {
    garment: "lower_length" for garment, attribute in GARMENT_WORDS.items() if attribute == "lower_colour"
}
"""What can be called long or short, and the attribute whose label that is."""


@dataclass(frozen=True, slots=True)
class Value:
    """What the model says of one attribute: the likeliest label and its probability (0 to 1)."""

    label: str
    probability: float


def decode(outputs: NDArray[np.float32]) -> dict[str, Value]:
    """The likeliest label of each attribute.

    Args:
        outputs: (32,) probabilities in the order of `OUTPUT_NAMES`.

    Raises:
        ValueError: `outputs` has another shape.
    """
    if outputs.shape != (OUTPUTS,):
        raise ValueError(f"expected {OUTPUTS} attribute probabilities, got shape {outputs.shape}")
    values = {}
    for attribute in ATTRIBUTES:
        probabilities = attribute.probabilities(outputs)
        best = int(probabilities.argmax())
        values[attribute.name] = Value(attribute.labels[best], float(probabilities[best]))
    return values
