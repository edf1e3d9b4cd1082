"""The models of an archive, and switching from one to another."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from functools import cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveil.app.archive.base import ArchiveBase
from surveil.app.results import ModelList, ModelStatus, ModelSwitch
from surveil.identities.cluster import is_current
from surveil.ingest.redescribe import Redescription
from surveil.model.checkpoint import SHIPPED_MODELS, find_weights, load_card
from surveil.model.embed import AppearanceModel
from surveil.store.models import ModelRef, list_models
from surveil.store.tables import SightingRow


def model_list(session: Session) -> ModelList:
    """Models that have described sightings, then those that ship and have not."""
    shipped = {load_card(path).sha256: name for name, path in SHIPPED_MODELS.items()}
    stored = [
        ModelStatus(
            name=model.name,
            sha256=model.sha256,
            in_use=model.in_use,
            ships=model.sha256 in shipped,
            described=described,
        )
        for model, described in list_models(session)
    ]
    known = {model.sha256 for model in stored}
    others = [
        ModelStatus(name=name, sha256=sha256, in_use=False, ships=True, described=0)
        for sha256, name in shipped.items()
        if sha256 not in known
    ]
    sightings = session.scalar(select(func.count()).select_from(SightingRow)) or 0
    return ModelList(sightings=sightings, models=(*stored, *others))


def use_model(
    archive: ArchiveBase,
    model: str,
    progress: Callable[[int, int], object] | None,
    stop: threading.Event | None,
    leave_out: bool,
) -> ModelSwitch:
    """See `Archive.use_model`."""
    weights = find_weights(model)
    card = load_card(weights)

    @cache
    def load() -> AppearanceModel:
        return AppearanceModel.load(weights, device=archive.settings.device, runtime=archive.settings.runtime)

    outcome = Redescription(
        archive.database,
        archive.media,
        ModelRef(card.name, card.sha256, dataclasses.asdict(card)),
        load,
        progress=progress,
        stop=stop,
        leave_out=leave_out,
    ).run()
    return ModelSwitch(
        model=card.name,
        described=outcome.described,
        left_out=outcome.left_out,
        switched=outcome.switched,
        clustered=is_current(archive.database, archive.settings.cluster_threshold),
    )
