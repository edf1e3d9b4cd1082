"""The networks of an archive, loaded when they are first needed and then kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from surveil.device import is_cpu
from surveil.settings import Settings

if TYPE_CHECKING:
    from surveil.model.checkpoint import Card
    from surveil.model.embed import AppearanceModel
    from surveil.people.detect import PersonDetector

AT_ONCE_ON_A_CARD = 4
"""Pieces of footage. There was no card to measure how many keep one busy: see docs/performance.md."""


def footage_at_once(settings: Settings, *, on_card: bool | None = None) -> int:
    """How many pieces of footage a process works on at once: as the settings say; else one, and several on a card.

    Args:
        settings: The settings in force.
        on_card: Whether its networks run on a card; None: as the settings say, on this machine.
    """
    if settings.footage_at_once is not None:
        return settings.footage_at_once
    if on_card is None:
        on_card = settings.device == "cuda" or not is_cpu(settings.device)
    return AT_ONCE_ON_A_CARD if on_card else 1


class LoadedModels:
    """The person detector and the appearance model that the settings name.

    Where several pieces of footage are worked on at once, what they ask of a network goes through it together.

    Args:
        settings: Where they name no appearance model, it is the one that the database is searched with.
        in_use: Gives the SHA-256 of that one's weights; None: nothing was ingested yet.
    """

    def __init__(self, settings: Settings, in_use: Callable[[], str | None] = lambda: None) -> None:
        self._settings, self._in_use = settings, in_use
        self.max_pixels = settings.max_pixels

    @cached_property
    def detector(self) -> PersonDetector:
        """The person detector.

        Raises:
            CheckpointError: It cannot be loaded.
        """
        from surveil.people.detect import PersonDetector

        detector = PersonDetector.from_settings(self._settings)
        self._share(detector)
        return detector

    @cached_property
    def _weights(self) -> Path:
        from surveil.model.checkpoint import find_weights
        from surveil.weights_file import shipped_name

        sha256 = None if self._settings.model is not None else self._in_use()
        return find_weights(self._settings.model or (shipped_name(sha256) if sha256 else None))

    def choose_again(self) -> None:
        """Forget the appearance model: the database may be searched with another one by now."""
        for name in ("_weights", "card", "appearance"):
            self.__dict__.pop(name, None)

    @cached_property
    def card(self) -> Card:
        """The card of the appearance model, which is read without its weights.

        Raises:
            CheckpointError: It cannot be read.
        """
        from surveil.model.checkpoint import load_card

        return load_card(self._weights)

    @cached_property
    def appearance(self) -> AppearanceModel:
        """The appearance model.

        Raises:
            CheckpointError: It cannot be loaded.
        """
        from surveil.model.embed import AppearanceModel

        model = AppearanceModel.load(self._weights, device=self._settings.device, runtime=self._settings.runtime)
        self._share(model)
        return model

    def _share(self, network: PersonDetector | AppearanceModel) -> None:
        """Several pieces of footage at once ask the same network."""
        if footage_at_once(self._settings) > 1:
            from surveil.runtimes.gathering import Gathering

            network.runtime = Gathering(network.runtime)
