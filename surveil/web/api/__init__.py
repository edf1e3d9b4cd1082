"""The API: the library's requests and results one to one, under /api/v1."""

from typing import Any

from fastapi import APIRouter

from surveil.web.api import accounts, cases, deleting, footage, identities, jobs, places, runs, searches, sightings
from surveil.web.api.models import ProblemDetails

PREFIX = "/api/v1"
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemDetails, "description": description, "content": {"application/problem+json": {}}}
    for status, description in (
        (400, "It asks for what cannot be answered."),
        (401, "Nobody is signed in, or the token does not hold."),
        (403, "Not allowed to whoever asks."),
        (404, "There is no such thing."),
        (409, "Somebody else decided in the meantime, or it is too late for this."),
        (422, "A value is none."),
        (429, "Enough was asked for the time being."),
        (503, "The database or a disk is away."),
        (507, "As much is kept as may be."),
    )
}


def api_router() -> APIRouter:
    """All routes of the API."""
    router = APIRouter(prefix=PREFIX, responses=PROBLEMS)
    for part in (searches, sightings, identities, runs, places, footage, cases, deleting, accounts, jobs):
        router.include_router(part.router)
    return router
