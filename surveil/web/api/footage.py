"""Footage: its state, correcting it, doing it again, and forgetting it."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from surveil.app import FootageStatus
from surveil.web.access import Delete, Ingest, See, SetCamera, View
from surveil.web.api.jobs import accepted
from surveil.web.api.models import FootageChange, FootagePage, JobStatus, Number
from surveil.web.api.paging import After, Limit, answer, page_of
from surveil.web.problems import MissingError

router = APIRouter(tags=["footage"])


@router.get("/footage", response_model=FootagePage)
def footage(view: See, limit: Limit = 50, cursor: After = None) -> Response:
    """The footage, its state, and what became of its frames."""
    shown, following = page_of(view.archive.status().footage, limit, cursor)
    return answer(view.request, FootagePage(footage=shown, next_cursor=following))


@router.patch("/footage/{footage}", response_model=FootageStatus)
def correct(view: SetCamera, footage: Number, change: FootageChange) -> Response:
    """Say which camera recorded footage, and when it begins; what was seen in it moves along."""
    _piece(view, footage)
    with view.acting("camera", {"footage": footage, **change.model_dump(mode="json", exclude_none=True)}):
        view.archive.correct_footage(footage, camera=change.camera, start=change.start)
    return answer(view.request, _piece(view, footage))


@router.post("/footage/{footage}/again", response_model=JobStatus, status_code=202)
def again(view: Ingest, footage: Number) -> Response:
    """Ingest footage again, as a job; what is stored of it stays until then."""
    piece = _piece(view, footage)
    with view.acting("ingest", {"again": footage}):
        view.archive.redo_footage(footage)
        job = view.desk.ingest([piece.path], view.actor)
    return accepted(view, job)


@router.delete("/footage/{footage}", status_code=204)
def forget(view: Delete, footage: Number) -> Response:
    """Forget footage with all that was seen in it. The file stays; another ingest would take it again."""
    _piece(view, footage)
    with view.acting("delete", {"footage": footage}):
        view.archive.forget_footage(footage)
    view.desk.jobs.drop_files()
    return Response(status_code=204)


def _piece(view: View, number: int) -> FootageStatus:
    for piece in view.archive.status().footage:
        if piece.footage == number:
            return piece
    raise MissingError(f"no footage has the number {number}")
