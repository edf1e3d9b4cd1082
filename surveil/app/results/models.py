"""What is told of models."""

from __future__ import annotations

from surveil.app.base import Frozen


class ModelStatus(Frozen):
    """A model that ships, or that has described sightings."""

    name: str
    sha256: str
    """Of its weights."""
    in_use: bool
    """Whether searches go by it."""
    ships: bool
    """Whether it can be named; another one is given by the path of its weights."""
    described: int
    """Sightings that it has described."""


class ModelList(Frozen):
    """The models."""

    sightings: int
    """How many there are to describe."""
    models: tuple[ModelStatus, ...]


class ModelSwitch(Frozen):
    """What became of `surveil model use`."""

    model: str
    described: int
    """Sightings that were described now."""
    left_out: int
    """Sightings without a picture that can be read: nobody finds them with this model."""
    switched: bool
    """Whether searches go by the model now; not if it was stopped before."""
    clustered: bool
    """Whether the identities are those that this model makes, or `surveil cluster` is to be run."""
