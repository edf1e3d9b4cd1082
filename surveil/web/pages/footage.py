"""Footage: what there is, how far it is ingested, what failed and why, and the clocks of the cameras."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from surveil.web.access import Ingest, See, SetCamera, View
from surveil.web.problems import MissingError

router = APIRouter(prefix="/footage")
LOOK_SECONDS = 1.0
"""Between two looks at the database while somebody watches the progress."""
AGAIN_SECONDS = 10.0
"""After so long it is looked again whether whoever watches still may."""
BEAT_SECONDS = 15.0
"""After so long without news a comment is sent, so that a closed window is noticed."""


@router.get("")
def footage_page(view: See) -> Response:
    """The cameras and their footage."""
    return view.page("footage.html", **_shown(view))


@router.get("/progress")
async def progress(view: See) -> StreamingResponse:
    """The footage as it is ingested, as server-sent events: each is the table anew, and comes when it changed."""

    async def events() -> AsyncIterator[str]:
        last, quiet, looked = "", 0.0, 0.0
        while not view.desk.closing.is_set():
            table = await run_in_threadpool(_table, view)
            if table != last:
                last, quiet = table, 0.0
                yield "".join(f"data: {line}\n" for line in table.splitlines()) + "\n"
            elif quiet >= BEAT_SECONDS:
                quiet = 0.0
                yield ": still here\n\n"
            await asyncio.sleep(LOOK_SECONDS)
            quiet, looked = quiet + LOOK_SECONDS, looked + LOOK_SECONDS
            if looked >= AGAIN_SECONDS:
                looked = 0.0
                if not await run_in_threadpool(view.is_still_signed_in):
                    return

    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@router.post("/{number}/again")
def try_again(view: Ingest, number: int) -> RedirectResponse:
    """Ingest a piece of footage again."""
    piece = next((one for one in view.archive.status().footage if one.footage == number), None)
    if piece is None:
        raise MissingError(f"no footage has the number {number}")
    with view.acting("ingest", {"again": number}):
        view.archive.redo_footage(number)
        view.desk.ingest([piece.path], view.actor)
    return RedirectResponse("/footage", 303)


@router.post("/unopened/{file}/again")
def try_to_open(view: Ingest, file: int) -> RedirectResponse:
    """Ingest a file again that could not be opened, unless it was opened, or went away, since the page was shown."""
    unopened = next((one for one in view.archive.status().unopened if one.file == file), None)
    if unopened is not None:
        with view.acting("ingest", {"open again": file}):
            view.desk.ingest([unopened.path], view.actor)
    return RedirectResponse("/footage", 303)


@router.post("/cameras")
def set_camera(
    view: SetCamera,
    camera: Annotated[str, Form(min_length=1, max_length=200)],
    clock_offset: Annotated[float, Form()],
    zone: Annotated[str, Form(min_length=1, max_length=64)],
) -> RedirectResponse:
    """Say where a camera stands, and how wrong its clock is."""
    with view.acting("camera", {"camera": camera, "zone": zone, "clock_offset": clock_offset}):
        view.archive.set_camera(camera, zone=zone, clock_offset=clock_offset)
    return RedirectResponse("/footage", 303)


def _shown(view: View) -> dict[str, Any]:
    status = view.archive.status()
    footage = status.footage
    return {
        "footage": footage,
        "unopened": status.unopened,
        "cameras": view.archive.cameras().cameras,
        "states": Counter("waiting" if piece.stale else piece.state for piece in footage),
        "people": sum(piece.sightings for piece in footage),
        "hours": sum(piece.duration for piece in footage),
    }


def _table(view: View) -> str:
    return view.desk.templates.get_template("footage_table.html").render(view=view, actor=view.actor, **_shown(view))
