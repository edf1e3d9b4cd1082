"""What every method of an archive works on: settings, database, media folder and loaded networks."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Self

from surveil.app.models import LoadedModels
from surveil.settings import Settings

if TYPE_CHECKING:
    from surveil.store.media import MediaFolder
    from surveil.store.session import Database


class ArchiveBase:
    """An open archive without its methods; the database is opened and the networks are loaded on first use.

    Attributes:
        settings: What was set.
        models: The person detector and the appearance model.
    """

    def __init__(self, settings: Settings, *, create: bool = True) -> None:
        self.settings = settings
        self.models = LoadedModels(settings, self._model_in_use)
        self._create = create

    @cached_property
    def database(self) -> Database:
        """The database, opened on first use."""
        from surveil.store.session import Database

        return Database.open(self.settings.database, create=self._create)

    @cached_property
    def media(self) -> MediaFolder:
        """The folder of the crops."""
        from surveil.store.media import media_folder

        return media_folder(self.settings, self.database)

    def _model_in_use(self) -> str | None:
        from surveil.store.models import sha256_in_use

        with self.database.session() as session:
            return sha256_in_use(session)

    def close(self) -> None:
        """Close the database."""
        if "database" in self.__dict__:
            self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
