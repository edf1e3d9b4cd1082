"""The archive: everything that can be done with one database of sightings, one file a subject.

A new method goes into the file of its subject; a new subject is a new file, and one more base of `Archive`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from surveil.app.archive.access import AccessMethods
from surveil.app.archive.cameras import CameraMethods
from surveil.app.archive.film import FilmMethods
from surveil.app.archive.footage import FootageMethods
from surveil.app.archive.identities import IdentityMethods
from surveil.app.archive.ingest import IngestMethods
from surveil.app.archive.models import ModelMethods
from surveil.app.archive.retention import RetentionMethods
from surveil.app.archive.saved import SavedSearchMethods
from surveil.app.archive.search import SearchMethods
from surveil.app.archive.upkeep import UpkeepMethods
from surveil.settings import load_settings

if TYPE_CHECKING:
    from surveil.identities.decisions import Decisions as Decisions  # for those above


def open(url: str | None = None, *, create: bool = True, config: str | Path | None = None, **settings: Any) -> Archive:
    """Open an archive of sightings; use it in a `with` block, or close it.

    The database is opened when it is first needed, and the networks are loaded when they are.

    Args:
        url: `sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST/NAME`; None: as the settings say.
        create: Whether the database may be made when there is none.
        config: The settings file; None: that of SURVEIL_CONFIG, else the user's own.
        settings: Any of `surveil.settings.Settings`; they go before the environment and the settings file.

    Raises:
        SurveilError: A setting is unknown or not allowed.

    Example:
        >>> with surveil.open("sqlite:///station.db", device="cpu") as archive:
        ...     found = archive.search("woman, red top")
    """
    return Archive(load_settings(config, database=url, **settings), create=create)


class Archive(
    IngestMethods,
    FootageMethods,
    SavedSearchMethods,
    RetentionMethods,
    SearchMethods,
    IdentityMethods,
    FilmMethods,
    CameraMethods,
    ModelMethods,
    UpkeepMethods,
    AccessMethods,
):
    """One database of sightings, its media folder and its loaded networks; made by `surveil.open`.

    Every method may raise a StoreError when the database cannot be used.
    """
