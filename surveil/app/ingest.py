"""Ingesting footage: the scan, the worker and the networks put together as the settings say."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from datetime import datetime

from surveil.app.models import LoadedModels
from surveil.footage.find import find_footage
from surveil.footage.origin import OriginRules
from surveil.ingest.pipeline import Pipeline
from surveil.ingest.scan import Find, Scan
from surveil.ingest.worker import Worker
from surveil.settings import Settings
from surveil.store.cameras import list_cameras
from surveil.store.media import MediaFolder
from surveil.store.models import ModelRef
from surveil.store.session import Database
from surveil.store.writer import Writer
from surveil.types import PassedOver, ProgressCallback


@dataclasses.dataclass(frozen=True, slots=True)
class Recorded:
    """What the caller knows of footage; None: told by its paths.

    Attributes:
        camera: Which camera recorded all of it.
        start: When all of it starts; without an offset from UTC in the camera's zone.
        zone: The time zone the cameras stand in.
    """

    camera: str | None = None
    start: datetime | None = None
    zone: str | None = None


def worker(
    database: Database,
    media: MediaFolder,
    models: LoadedModels,
    settings: Settings,
    *,
    gate: bool,
    progress: ProgressCallback | None,
    stop: threading.Event | None,
) -> Worker:
    """A worker that loads the networks when they are needed: not at all where everything was ingested before.

    Raises:
        CheckpointError: The card of the appearance model cannot be read.
    """
    card = models.card
    writer = Writer(database, media, ModelRef(card.name, card.sha256, dataclasses.asdict(card)))
    pipeline = Pipeline(lambda: models.detector, lambda: models.appearance, settings, gate=gate)
    return Worker(writer, pipeline, progress, stop)


def scan(
    database: Database,
    settings: Settings,
    recorded: Recorded,
    *,
    again: bool,
    passed_over: Callable[[PassedOver], object] | None,
    find: Find = find_footage,
) -> Scan:
    """A scan for footage. The zone that the caller gives goes before those the cameras are known to stand in."""
    zone = recorded.zone
    with database.session() as session:
        zones = {} if zone else {known.name: known.zone for known, _, _ in list_cameras(session)}
    rules = OriginRules.of(zone or "UTC", settings.camera_patterns, zones, camera=recorded.camera, start=recorded.start)
    return Scan(
        database,
        rules,
        zone=zone,
        again=again,
        passed_over=passed_over,
        max_pixels=settings.max_pixels,
        find=find,
        patience=settings.patience_seconds,
    )
