"""What somebody who may see only some cameras sees of the database: as if there were no others.

It is one rule, applied to every query of a session, and not a filter that each query must remember.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import Select, select
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria

from surveil.store.case_tables import CaseItem
from surveil.store.tables import Camera, CropRow, Footage, Identity, SightingRow

_granted: ContextVar[frozenset[str] | None] = ContextVar("granted cameras", default=None)


@contextmanager
def only_cameras(names: Collection[str] | None) -> Iterator[None]:
    """Within this block, in this thread, queries find only what these cameras saw; None: everything."""
    token = _granted.set(None if names is None else frozenset(names))
    try:
        yield
    finally:
        _granted.reset(token)


def restrict(state: ORMExecuteState) -> None:
    """Restrict a query, before it is executed, to the cameras that are granted; for a session's events."""
    names = _granted.get()
    if names is None or not state.is_select:
        return
    # By tables, not classes: these conditions must not be restricted themselves.
    camera, sighting, piece = Camera.__table__, SightingRow.__table__, Footage.__table__
    cameras = select(camera.c.id).where(camera.c.name.in_(names))
    seen = select(sighting.c.id).where(sighting.c.camera_id.in_(cameras))
    footage = select(piece.c.id).where(piece.c.camera_id.in_(cameras))
    people = select(sighting.c.identity_id).where(sighting.c.camera_id.in_(cameras))
    state.statement = state.statement.options(
        with_loader_criteria(Camera, Camera.name.in_(names)),
        with_loader_criteria(Footage, Footage.camera_id.in_(cameras)),
        with_loader_criteria(SightingRow, SightingRow.camera_id.in_(cameras)),
        with_loader_criteria(CropRow, CropRow.sighting_id.in_(seen)),
        with_loader_criteria(CaseItem, CaseItem.footage_id.in_(footage)),
        with_loader_criteria(Identity, Identity.id.in_(people)),
    )


def is_restricted() -> bool:
    """Whether only some cameras are seen here."""
    return _granted.get() is not None


def granted(candidates: Select[int] | None) -> Select[int] | None:
    """What is to be searched where None means all: all that is granted.

    Embeddings themselves are not restricted, because copies of them are shared; who asks for them names sightings.
    """
    return select(SightingRow.id) if candidates is None and _granted.get() is not None else candidates
