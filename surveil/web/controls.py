"""The controls beside the matches: every value that can be asked for, with how many have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from surveil.app import SearchRequest, SearchResult
from surveil.attributes import ATTRIBUTES

COLOURS = ("upper_colour", "lower_colour")
UNUSUAL = {"yes": "{name}", "no": "no {name}"}
"""How a value that says nothing by itself is called."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that can be asked for.

    Attributes:
        name: Its part of the address.
        value: Its value there.
        text: What it is called.
        count: How many of those who pass the other filters have it; None: not counted.
        chosen: Whether it is asked for.
        colour: The colour that it names.
    """

    name: str
    value: str
    text: str
    count: float | None
    chosen: bool
    colour: str | None = None


@dataclass(frozen=True, slots=True)
class Control:
    """The choices of one kind, under a title; `open` where one is chosen."""

    title: str
    choices: tuple[Choice, ...]

    @property
    def used(self) -> bool:
        """Whether any is chosen."""
        return any(choice.chosen for choice in self.choices)


def controls_of(
    request: SearchRequest, result: SearchResult | None, cameras: Sequence[str]
) -> list[Control]:  # fmt: skip
    """Cameras, then attributes: the binary ones together, ages and colours each."""
    facets = (result and result.facets) or {}
    seen = facets.get("camera", {})
    controls = [
        Control(
            "Camera",
            tuple(
                Choice("camera", one, one, seen.get(one, 0) if facets else None, one in request.cameras)
                for one in cameras
            ),
        )
    ]  # fmt: skip
    choices = {
        attribute.name: tuple(
            Choice(
                attribute.name,
                label,
                UNUSUAL.get(label, label).format(name=attribute.name.replace("_", " ")),
                facets.get(attribute.name, {}).get(label) if facets else None,
                label in request.attributes.get(attribute.name, ()),
                label if attribute.name in COLOURS else None,
            )
            for label in attribute.labels
        )
        for attribute in ATTRIBUTES
    }
    controls.append(Control("Gender", choices["gender"]))
    controls.append(Control("Age", choices["age"]))
    controls.append(Control("Top", choices["upper_colour"]))
    controls.append(Control("Sleeves", _called(choices["sleeve"], "{} sleeves")))
    controls.append(Control("Trousers, skirt", choices["lower_colour"]))
    below = (*_called(choices["lower_length"], "{} garment"), *choices["lower_type"])
    controls.append(Control("Lower garment", below))
    controls.append(
        Control("Carries", tuple(c for name in ("backpack", "bag", "handbag") for c in choices[name][::-1]))
    )
    controls.append(Control("Head", (*choices["hat"][::-1], *_called(choices["hair"], "{} hair"))))
    return controls


def _called(choices: Sequence[Choice], form: str) -> tuple[Choice, ...]:
    return tuple(
        Choice(choice.name, choice.value, form.format(choice.text), choice.count, choice.chosen) for choice in choices
    )
