"""What is told of footage and of cameras."""

from __future__ import annotations

from surveil.app.base import Frozen, Time
from surveil.app.results.search import WatchResult
from surveil.types import FootageReport, FootageWarning, FrameCounts


class IngestResult(Frozen):
    """What became of each piece of footage, and what the watched searches found in it."""

    footage: tuple[FootageReport, ...]
    watched: tuple[WatchResult, ...] = ()


class FootageStatus(Frozen):
    """A piece of footage in the database."""

    footage: int
    """Its number."""
    path: str
    camera: str
    camera_from: str
    started_at: Time
    started_from: str
    duration: float
    state: str
    stale: bool
    """Whether it is being worked on by a worker that is gone: the next run goes on with it."""
    progress: float
    """The part that is done, 0 to 1."""
    frames: FrameCounts
    sightings: int
    warnings: tuple[FootageWarning, ...]
    error: str | None


class DaemonStatus(Frozen):
    """A process that watches folders (`surveil ingest --watch`), and how far the whole database is."""

    host: str
    pid: int
    folders: tuple[str, ...]
    alive: bool
    """Whether it was heard of lately; one that stopped cleanly is not listed any more."""
    started_at: Time
    seen_at: Time
    """When it was last heard of."""
    last_scan: Time | None
    """When it last came to the end of its folders."""
    away: tuple[str, ...]
    """Folders that were not there then."""
    growing: int
    """Files that it left alone then because they still change."""
    waiting: int
    """Pieces of footage in the database that wait,"""
    working: int
    """are being worked on,"""
    failed: int
    """and have failed, and files that could not be opened."""


class UnopenedFileStatus(Frozen):
    """A file that was taken for footage, or a folder, and could not be opened."""

    file: int
    """Its number."""
    path: str
    what: str
    """What is wrong with it."""
    noticed_at: Time
    """When it was last tried."""


class Status(Frozen):
    """The footage in the database, by camera and start."""

    footage: tuple[FootageStatus, ...]
    daemons: tuple[DaemonStatus, ...] = ()
    unopened: tuple[UnopenedFileStatus, ...] = ()
    """By path; each goes when it can be opened, or is gone, in a later ingest."""


class CameraSettings(Frozen):
    """What an operator says of a camera."""

    camera: str
    zone: str
    clock_offset: float
    """Seconds that are added to the times it stamps."""
    keep_days: float | None = None
    """Days after which `surveil retention run` deletes who was seen; null: never."""


class CameraStatus(CameraSettings):
    """A camera, and how much it has seen."""

    footage: int
    sightings: int


class CameraList(Frozen):
    """The cameras by name."""

    cameras: tuple[CameraStatus, ...]
