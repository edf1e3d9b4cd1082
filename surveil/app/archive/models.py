"""The appearance models of an archive."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from surveil.app.archive.base import ArchiveBase

if TYPE_CHECKING:
    import threading

    from surveil.app.results import ModelList, ModelSwitch


class ModelMethods(ArchiveBase):
    """Which model describes people."""

    def model_list(self) -> ModelList:
        """The models that ship, and those that have described sightings."""
        from surveil.app.switching import model_list

        with self.database.session() as session:
            return model_list(session)

    def use_model(
        self,
        model: str,
        *,
        progress: Callable[[int, int], object] | None = None,
        stop: threading.Event | None = None,
        leave_out: bool = False,
    ) -> ModelSwitch:
        """Describe all stored sightings with another model, from their pictures, then search by it.

        Searches go by the old one until then, ingests go on, and what is decided about identities stays. Interrupted,
        also by a crash, it goes on where it stopped. A clustering with the new model is to be run afterwards.

        Args:
            model: The name of one that ships, or the path of its weights.
            progress: Told how many sightings are described, and of how many.
            stop: Ends the work when it is set, before the switch.
            leave_out: Whether to switch although sightings have no picture that can be read.

        Raises:
            CheckpointError: The model cannot be loaded.
            StoreError: Sightings have no picture that can be read.
        """
        from surveil.app.switching import use_model

        outcome = use_model(self, model, progress, stop, leave_out)
        self.models.choose_again()
        return outcome
