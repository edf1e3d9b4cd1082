"""Cameras and the audit."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from surveil.app import AuditVerified, CameraList, CameraSettings
from surveil.web.access import ReadAudit, See, SetCamera
from surveil.web.api.models import AuditRecords, CameraChange
from surveil.web.api.paging import After, Limit, answer, cursor, offset_of
from surveil.web.problems import MissingError

router = APIRouter(tags=["cameras"])


@router.get("/cameras", response_model=CameraList)
def cameras(view: See) -> Response:
    """The cameras by name, and how much they have seen."""
    return answer(view.request, view.archive.cameras())


@router.patch("/cameras/{camera:path}", response_model=CameraSettings)
def set_camera(
    view: SetCamera, camera: Annotated[str, Path(min_length=1, max_length=200, examples=["gate"])], change: CameraChange
) -> Response:  # fmt: skip
    """Say where a camera stands, and how wrong its clock is; a clock offset moves everything it has seen."""
    if camera not in {one.camera for one in view.archive.cameras().cameras}:
        raise MissingError("there is no camera of that name")
    with view.acting("camera", {"camera": camera, **change.model_dump(exclude_none=True)}):
        changed = view.archive.set_camera(
            camera, zone=change.zone, clock_offset=change.clock_offset, keep_days=change.keep_days
        )
    return answer(view.request, changed)


@router.get("/audit", response_model=AuditRecords, tags=["audit"])
def audit(view: ReadAudit, limit: Limit = 50, cursor: After = None) -> Response:
    """What was done, by whom and why; the newest first."""
    return _records(view, limit, offset_of(cursor, "audit") or None)


@router.get("/audit/verified", response_model=AuditVerified, tags=["audit"])
def verified(view: ReadAudit) -> Response:
    """Whether the chain of the audit is whole."""
    return answer(view.request, view.archive.audit.verify())


def _records(view: ReadAudit, limit: int, before: int | None) -> Response:
    page = view.archive.audit.list(limit=limit, before=before)
    return answer(view.request, page, next_cursor=cursor(page.next_before, "audit"))
