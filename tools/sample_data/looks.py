"""What one person looks like: the 12 attributes, and everything those leave open, drawn from a random generator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surveil.attributes import ATTRIBUTES
from tools.sample_data.mesh import Kind, Material
from tools.sample_data.walk import Gait

COLOURS: dict[str, tuple[str, ...]] = {
    "black": ("17181c", "1e1b1d", "20242a"),
    "white": ("eceae4", "e2e6ea", "f2f0ee"),
    "red": ("b01c22", "c4282c", "8f1520"),
    "pink": ("e08ba8", "d8708f", "eeb0c4"),
    "purple": ("5f3a86", "74489c", "4b2a66"),
    "yellow": ("e2bb2e", "d9a81e", "eed45a"),
    "gray": ("7d8084", "8f8f8c", "686c72"),
    "blue": ("24458f", "2f62b5", "1d3566"),
    "green": ("2f6b3c", "41803f", "4d5f2a"),
    "brown": ("6b4a2e", "5a3b25", "86633f"),
}
MULTICOLOUR = (
    ("e9e4da", "c02a35"),
    ("e6c02f", "2a3f8f"),
    ("d94f78", "2b8a6e"),
    ("f0eee6", "2a57a8"),
    ("e07b2a", "3a2a60"),
)
SKIN = ("f0c8ac", "e3b190", "c68f6a", "a06c48", "7a4d32", "573624")
HAIR = ("15110f", "2b1d14", "4a3020", "7a5530", "b58d55", "6a2f1c")
GRAY_HAIR = ("a9a7a3", "c9c6c0", "84827f")
LEATHER = ("2a1c14", "1a1a1c", "6e4526", "8f1f2a", "d2c3a8", "223a5e", "47502e")


def linear(code: str) -> tuple[float, float, float]:
    """Linear RGB of an sRGB hex code."""
    red, green, blue = ((int(code[i : i + 2], 16) / 255) ** 2.2 for i in (0, 2, 4))
    return red, green, blue


@dataclass(frozen=True)
class Look:
    """Everything clothes.py, hair.py and bags.py need to dress a body."""

    attributes: dict[str, str]
    phenotype: dict[str, float]
    skin: Material
    hair: Material
    hair_reach: float
    hat: str
    hat_material: Material
    upper_style: str
    upper: Material
    lower: Material
    shoes: Material
    bags: Material
    gait: Gait


def draw_attributes(random: np.random.Generator) -> dict[str, str]:
    """One value per attribute; combinations that read as neither are avoided."""
    drawn = {attribute.name: str(random.choice(attribute.labels)) for attribute in ATTRIBUTES}
    for name, chance in (("backpack", 0.3), ("bag", 0.25), ("handbag", 0.2), ("hat", 0.25)):
        drawn[name] = "yes" if random.random() < chance else "no"
    drawn["age"] = str(random.choice(["young", "teenager", "adult", "old"], p=[0.15, 0.25, 0.4, 0.2]))
    woman = drawn["gender"] == "female"
    drawn["hair"] = "long" if random.random() < (0.75 if woman else 0.06) else "short"
    drawn["lower_type"] = "dress" if woman and random.random() < 0.4 else "pants"
    return drawn


def look_of(attributes: dict[str, str], random: np.random.Generator) -> Look:
    """A look that shows the attributes; the generator decides the rest."""
    tone = random.integers(len(SKIN))
    old = attributes["age"] == "old"
    hair = random.choice(GRAY_HAIR if old else HAIR[: 3 if tone > 2 else len(HAIR)])
    short_sleeve = attributes["sleeve"] == "short"
    styles = ["tshirt"] if short_sleeve else ["shirt", "jacket", "jacket", "coat"]
    hat = str(random.choice(["cap", "cap", "beanie", "brim"])) if attributes["hat"] == "yes" else ""
    same = attributes["upper_colour"] == attributes["lower_colour"] and attributes["lower_type"] == "dress"
    upper = cloth(attributes["upper_colour"], random)
    return Look(
        attributes,
        _phenotype(attributes, tone, random),
        Material(Kind.PLAIN, linear(SKIN[tone]), gloss=0.15),
        Material(Kind.HAIR, linear(hair), scale=1, gloss=0.25),
        float(random.uniform(0.1, 0.24)) if attributes["hair"] == "long" else 0.0,
        hat,
        cloth(str(random.choice(["black", "white", "red", "blue", "green", "brown", "gray"])), random, plain=True),
        "tshirt" if same and short_sleeve else str(random.choice(styles)),
        upper,
        upper if same else cloth(attributes["lower_colour"], random, lower=True),
        Material(Kind.PLAIN, linear(str(random.choice(["141414", "e4e2de", "5a3a22", "2c3a55", "8a8a8a"]))), gloss=0.3),
        Material(Kind.PLAIN, linear(str(random.choice(LEATHER))), gloss=0.35),
        Gait(
            stride=float(random.uniform(0.72, 0.85) if old else random.uniform(0.85, 1.05)),
            arms=float(random.uniform(0.6, 1.2)),
            lean=float(random.uniform(1, 5)),
            stoop=float(random.uniform(10, 20) if old else random.uniform(-2, 4)),
            spread=float(random.uniform(7, 12)),
            still_arm="R" if attributes["handbag"] == "yes" else "",
        ),
    )


def cloth(colour: str, random: np.random.Generator, lower: bool = False, plain: bool = False) -> Material:
    """A fabric that a person would call by the colour."""
    if colour == "multicolour":
        first, second = MULTICOLOUR[random.integers(len(MULTICOLOUR))]
        kind = random.choice([Kind.STRIPES, Kind.CHECKS, Kind.FLOWERS, Kind.PINSTRIPES])
        return Material(Kind(int(kind)), _shade(first, random), _shade(second, random), float(random.uniform(0.7, 1.3)))
    base = _shade(str(random.choice(COLOURS[colour])), random)
    if plain or lower or random.random() < 0.65:
        return Material(Kind.CLOTH, base, scale=float(random.uniform(0.8, 1.4)))
    light = np.mean(base) > 0.3
    return Material(Kind.PRINT, base, linear("202228" if light else "e8e6e0"), 1.0)


def _shade(code: str, random: np.random.Generator) -> tuple[float, float, float]:
    red, green, blue = np.clip(
        np.array(linear(code)) * random.uniform(0.85, 1.15) * random.uniform(0.95, 1.05, 3), 0, 1
    )
    return float(red), float(green), float(blue)


def _phenotype(attributes: dict[str, str], tone: int, random: np.random.Generator) -> dict[str, float]:
    low, high = {"young": (0.27, 0.33), "teenager": (0.45, 0.52), "adult": (0.62, 0.78), "old": (0.9, 1.0)}[
        attributes["age"]
    ]
    dark = np.clip((tone - 1) / 4, 0, 1)
    asian = float(random.uniform(0, 0.7)) * (1 - dark)
    return {
        "gender": 1.0 if attributes["gender"] == "female" else 0.0,
        "age": float(random.uniform(low, high)),
        "height": float(random.uniform(0.25, 0.55)),
        "weight": float(random.uniform(0.3, 0.8)),
        "muscle": float(random.uniform(0.4, 0.65)),
        "proportions": float(random.uniform(0.5, 0.9)),
        "african": float(dark),
        "asian": asian,
        "caucasian": float(max(0.05, 1 - dark - asian)),
    }
