"""The networks of an archive, loaded when they are first needed and then kept."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from surveil.settings import Settings

if TYPE_CHECKING:
    from surveil.model.checkpoint import Card
    from surveil.model.embed import AppearanceModel
    from surveil.people.detect import PersonDetector


class LoadedModels:
    """The person detector and the appearance model that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.max_pixels = settings.max_pixels

    @cached_property
    def detector(self) -> PersonDetector:
        """The person detector.

        Raises:
            CheckpointError: It cannot be loaded.
        """
        from surveil.people.detect import PersonDetector

        return PersonDetector.from_settings(self._settings)

    @cached_property
    def card(self) -> Card:
        """The card of the appearance model, which is read without its weights.

        Raises:
            CheckpointError: It cannot be read.
        """
        from surveil.model.checkpoint import find_weights, load_card

        return load_card(find_weights(self._settings.model))

    @cached_property
    def appearance(self) -> AppearanceModel:
        """The appearance model.

        Raises:
            CheckpointError: It cannot be loaded.
        """
        from surveil.model.embed import AppearanceModel

        return AppearanceModel.load(self._settings.model, device=self._settings.device)
