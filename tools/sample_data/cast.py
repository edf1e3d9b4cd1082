"""Who appears: twelve people of the shipped footage, or others drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.sample_data.bags import bags
from tools.sample_data.body import Body
from tools.sample_data.clothes import dress
from tools.sample_data.hair import head_of_hair
from tools.sample_data.looks import Look, draw_attributes, look_of
from tools.sample_data.mesh import Mesh, merge_meshes

SHIPPED_SEED = 20260914
_NEITHER = {"backpack": "no", "bag": "no", "handbag": "no", "hat": "no", "lower_type": "pants", "lower_length": "long"}


def _person(age: str, gender: str, hair: str, sleeve: str, upper: str, lower: str, **others: str) -> dict[str, str]:
    values = {"age": age, "gender": gender, "hair": hair, "sleeve": sleeve}
    return {**_NEITHER, **values, "upper_colour": upper, "lower_colour": lower, **others}


# The sixth and the seventh are dressed alike but for the backpack: what a search must not mix up.
SHIPPED = (
    _person("adult", "female", "long", "long", "red", "black", handbag="yes"),
    _person("adult", "male", "short", "short", "blue", "gray", lower_length="short", backpack="yes"),
    _person("teenager", "female", "long", "short", "yellow", "blue", lower_length="short", backpack="yes"),
    _person("old", "male", "short", "long", "gray", "brown", hat="yes"),
    _person("adult", "female", "long", "short", "white", "black", lower_type="dress", lower_length="short", bag="yes"),
    _person("adult", "male", "short", "long", "black", "black"),
    _person("adult", "male", "short", "long", "black", "black", backpack="yes"),
    _person("young", "female", "long", "short", "red", "pink", hat="yes"),
    _person("old", "female", "short", "long", "purple", "gray", lower_type="dress", handbag="yes"),
    _person("teenager", "male", "short", "short", "green", "blue", bag="yes"),
    _person("adult", "female", "long", "short", "multicolour", "white"),
    _person("adult", "male", "short", "short", "white", "green", lower_length="short", hat="yes"),
)


@dataclass(frozen=True)
class CastMember:
    """A person of the footage: name in the ground truth, look, and the dressed body at rest."""

    name: str
    look: Look
    body: Body
    mesh: Mesh


def draw_looks(seed: int) -> dict[str, Look]:
    """Name to look; the seed of the shipped footage gives its cast, any other one other people."""
    looks = {}
    for index, attributes in enumerate(SHIPPED):
        random = np.random.default_rng((seed, index))
        looks[f"p{index + 1:02d}"] = look_of(attributes if seed == SHIPPED_SEED else draw_attributes(random), random)
    return looks


def make_actors(looks: dict[str, Look], bodies: list[Body]) -> dict[str, CastMember]:
    """Dress the bodies."""
    actors = {}
    for (name, look), body in zip(looks.items(), bodies, strict=True):
        mesh = merge_meshes([*dress(body, look), *head_of_hair(body, look), *bags(body, look)])
        actors[name] = CastMember(name, look, body, mesh)
    return actors
