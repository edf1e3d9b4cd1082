"""Searching, examples, and searches under a name."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, File, Path, UploadFile
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from surveil.app import SavedSearch, SavedSearchList, SearchRequest, WatchedSearch
from surveil.web.access import Save, Search
from surveil.web.api.models import PictureExample, SavedSearchDraft, SearchPage, WatchChange
from surveil.web.api.paging import After, answer, cursor, fingerprint, offset_of
from surveil.web.links import check_web_request
from surveil.web.problems import named_by_address

router = APIRouter(tags=["search"])
EXAMPLES = {
    "words": {"summary": "In words", "value": {"text": "woman, red top, backpack", "limit": 20}},
    "filters": {
        "summary": "By filters, with counts",
        "value": {"cameras": ["gate"], "attributes": {"upper_colour": ["red"]}, "facets": True},
    },
    "example": {"summary": "Who looks like a sighting", "value": {"like": ["sighting:12"], "group": "identity"}},
}
Name = Annotated[str, Path(min_length=1, max_length=200, examples=["red tops at the gate"])]


@router.post("/search", response_model=SearchPage)
def search(
    view: Search, request: Annotated[SearchRequest, Body(openapi_examples=EXAMPLES)], cursor: After = None
) -> Response:  # fmt: skip
    """Find people by what they look like, by where and when they were seen, or by examples.

    Examples are "sighting:N", "identity:N", or what `POST /pictures` gave.
    """
    return _found(view, request, cursor)


@router.post("/pictures", response_model=PictureExample, status_code=201)
async def hand_in(view: Search, picture: Annotated[UploadFile, File()]) -> Response:
    """Keep a picture for thirty days, as an example for searches."""
    content = await picture.read()
    example = await run_in_threadpool(view.desk.hand_in, content, view.actor)
    return answer(view.request, PictureExample(example=example), 201)


@router.get("/saved-searches", response_model=SavedSearchList)
def saved_searches(view: Save) -> Response:
    """The searches under a name."""
    return answer(view.request, view.archive.saved_searches())


@router.post("/saved-searches", response_model=SavedSearch, status_code=201)
def save_search(view: Save, draft: SavedSearchDraft) -> Response:
    """Keep a search under a name."""
    check_web_request(draft.request)
    with view.acting("save", {"watch": draft.watch}):
        return answer(view.request, view.archive.save_search(draft.name, draft.request, watch=draft.watch), 201)


@router.get("/saved-searches/{name:path}/matches", response_model=SearchPage)
def run_saved(view: Save, name: Name, cursor: After = None) -> Response:
    """What a saved search finds now."""
    with named_by_address():
        saved = view.archive.saved_search(name)
    return _found(view, saved.request, cursor)


@router.patch("/saved-searches/{name:path}", response_model=WatchedSearch)
def watch_search(view: Save, name: Name, change: WatchChange) -> Response:
    """Run a saved search on new footage, or not any more. The secret with which its webhook signs is told once."""
    if change.webhook is not None:
        view.actor.check("accounts")  # it makes this server call another program
    with view.acting("save", {"watch": change.watch, "webhook": change.webhook is not None}), named_by_address():
        changed = view.archive.watch_search(name, watch=change.watch, webhook=change.webhook)
    return answer(view.request, changed)


@router.delete("/saved-searches/{name:path}", status_code=204)
def forget_search(view: Save, name: Name) -> Response:
    """Forget a saved search; what it finds stays."""
    with view.acting("save", {"forget": "a search"}), named_by_address():
        view.archive.forget_search(name)
    return Response(status_code=204)


def _found(view: Search, request: SearchRequest, given: str | None) -> Response:
    check_web_request(request)
    question = fingerprint(request)
    asked = request.model_copy(update={"offset": offset_of(given, question) or request.offset})
    with view.acting("search", asked):
        result = view.desk.search(view.archive, asked)
    return answer(view.request, result, next_cursor=cursor(result.next_offset, question))
