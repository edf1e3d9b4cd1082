"""Who does the work of an ingest: this process, or workers on the machines of a Ray cluster."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from surveil.app.archive.base import ArchiveBase
from surveil.app.ingest import worker
from surveil.app.models import footage_at_once
from surveil.errors import StoreError, SurveilError
from surveil.files import PARTIAL
from surveil.ingest.runners.threads import ThreadRunner
from surveil.ingest.scan import Scanned
from surveil.offline import import_ray
from surveil.settings import Settings
from surveil.store.media import MediaFolder
from surveil.types import FootageReport, ProgressCallback

if TYPE_CHECKING:
    from surveil.ingest.runners.crew import Share
    from surveil.ingest.worker import Worker


class Engine(Protocol):
    """Works through what a scan gives; a report of each piece comes as soon as it is finished."""

    def ingest(self, scanned: Iterable[Scanned], /) -> Iterator[FootageReport]: ...


@contextmanager
def engine(
    archive: ArchiveBase, *, gate: bool, progress: ProgressCallback | None, stop: threading.Event | None
) -> Iterator[Callable[[], Engine]]:
    """The engine that the settings name; gives what makes one for each round of work.

    Raises:
        SurveilError: Ray is not installed, or there is no such cluster.
        StoreError: Several machines cannot share this database.
    """
    if archive.settings.engine == "local":
        yield partial(_local, archive, gate=gate, progress=progress, stop=stop)
        return
    from surveil.ingest.runners.ray import RayRunner, connected

    settings = _from_anywhere(archive)
    with connected(settings.ray_address), _sign(archive.media) as sign:
        share = _share(settings)
        settings = settings.model_copy(update={"footage_at_once": share.footage})

        def runner() -> Engine:
            archive.models.card  # noqa: B018 (a model that is not there is told here, before anything is started)
            return RayRunner(archive.database, partial(open_worker, settings, gate, sign), share, progress, stop)

        yield runner


def _local(
    archive: ArchiveBase, *, gate: bool, progress: ProgressCallback | None, stop: threading.Event | None
) -> Engine:
    """The worker of this process; one that works on several pieces of footage at once, where the settings say so."""
    here = worker(
        archive.database, archive.media, archive.models, archive.settings, gate=gate, progress=progress, stop=stop
    )
    at_once = footage_at_once(archive.settings)
    return here if at_once == 1 else ThreadRunner(here, at_once)


@contextmanager
def open_worker(settings: Settings, gate: bool, sign: str, stop: threading.Event) -> Iterator[Worker]:
    """A worker in a process of its own, on whatever machine.

    Args:
        settings: Those of the archive, with absolute paths.
        gate: Whether frames without motion are passed over.
        sign: The name of a file that lies in the archive's media folder just now.
        stop: Ends the work when it is set.

    Raises:
        StoreError: This machine does not see the archive's database or media folder.
    """
    with ArchiveBase(settings, create=False) as archive:
        if not (archive.media.folder / sign).is_file():
            raise StoreError(
                f"machine {socket.gethostname()} does not see the same media folder",
                archive.media.folder,
                "It must be one folder, under the same path on all machines.",
            )
        yield worker(archive.database, archive.media, archive.models, settings, gate=gate, progress=None, stop=stop)


@contextmanager
def _sign(media: MediaFolder) -> Iterator[str]:
    """A file in the media folder by which other machines know it."""
    sign = media.folder / f"{secrets.token_hex(8)}{PARTIAL}"
    try:
        media.folder.mkdir(parents=True, exist_ok=True)
        sign.touch()
        media.mark()
    except OSError as error:
        raise StoreError(
            error.strerror or str(error), media.folder, "Check that the media folder is writable and has room."
        ) from error
    try:
        yield sign.name
    finally:
        sign.unlink(missing_ok=True)


def _share(settings: Settings) -> Share:
    """What each worker has to itself: a card, or a share of one, where the cluster has cards and may use them."""
    from surveil.ingest.runners.crew import Share

    cards = import_ray().cluster_resources().get("GPU", 0)
    if settings.device == "cuda" and not cards:
        raise SurveilError("the cluster has no graphics cards", "setting device", "Use auto or cpu.")
    on_card = settings.device != "cpu" and bool(cards)
    return Share(
        settings.ray_worker_cpus,
        1 / settings.ray_workers_per_gpu if on_card else 0.0,
        footage_at_once(settings, on_card=on_card),
    )


def _from_anywhere(archive: ArchiveBase) -> Settings:
    """The settings for processes with another working directory: with absolute paths.

    Raises:
        StoreError: Other machines cannot use an SQLite file.
    """
    settings, database = archive.settings, archive.database
    if database.path is not None and settings.ray_address is not None:
        raise StoreError(
            "an SQLite file cannot be shared by several machines",
            database.where,
            "Use Postgres, or leave out --address to use this machine alone.",
        )
    changed: dict[str, object] = {"media": archive.media.folder.absolute()}
    changed["database"] = database.url if database.path is None else f"sqlite:///{database.path.absolute()}"
    for name in ("model", "detector"):
        weights = getattr(settings, name)
        if weights is not None and Path(weights).exists():
            changed[name] = str(Path(weights).absolute())
    return settings.model_copy(update=changed)
