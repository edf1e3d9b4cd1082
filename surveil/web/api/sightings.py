"""Sightings, counts, and what the model's answers are worth."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from surveil.app import Counts, ReliabilityList, SightingDetail
from surveil.web.access import Search, See
from surveil.web.api.models import BoxDraft, Number, PictureExample
from surveil.web.api.paging import answer
from surveil.web.problems import named_by_address

router = APIRouter(tags=["sightings"])


@router.get("/sightings/{sighting}", response_model=SightingDetail)
def sighting(view: See, sighting: Number) -> Response:
    """Everything stored of a sighting. Crops are addresses; frame.jpg and clip.mp4 lie beside them."""
    with named_by_address(), view.acting("see", {"sighting": sighting}):
        return answer(view.request, view.archive.sighting(sighting))


@router.post("/sightings/{sighting}/box", response_model=PictureExample, status_code=201)
def cut_out(view: Search, sighting: Number, draft: BoxDraft) -> Response:
    """Keep what a box shows on a frame of a sighting's footage, as an example for searches."""
    with named_by_address():
        view.archive.sighting(sighting)
    return answer(
        view.request, PictureExample(example=view.desk.hand_in_box(sighting, draft.seconds, draft.box, view.actor)), 201
    )


@router.get("/counts", response_model=Counts)
def counts(
    view: See,
    zone: Annotated[str, Query(max_length=64)] = "UTC",
    camera: Annotated[list[str] | None, Query()] = None,
    after: str | None = None,
    before: str | None = None,
) -> Response:
    """People per camera and hour; hours of nobody are left out."""
    request = view.archive.request(cameras=camera or [], after=after, before=before, zone=zone)
    return answer(view.request, view.archive.counts(request, zone=zone))


@router.get("/reliability", response_model=ReliabilityList)
def reliability(view: See) -> Response:
    """What every output of the model in use is worth, as its card says."""
    return answer(view.request, view.archive.reliability())
