"""The search page: its address is the search."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import JSONResponse, RedirectResponse, Response

from surveil.app import SearchRequest, SearchResult
from surveil.app.wording import MATCH_COLUMNS
from surveil.errors import QueryError, StoreError
from surveil.spreadsheet import csv_text
from surveil.web.access import Export, Search, View
from surveil.web.chips import chips_of
from surveil.web.controls import controls_of
from surveil.web.links import link, read_request

router = APIRouter()
SHEET_MATCHES = 96
"""The most that a contact sheet shows; tables and JSON hold as many as `links.MAX_PAGE`."""


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """A search and what became of it: a result, or why there is none."""

    request: SearchRequest
    result: SearchResult | None
    error: QueryError | None = None


@router.get("/")
def home(_: Search) -> RedirectResponse:
    """The search is where work begins."""
    return RedirectResponse("/search", 303)


@router.get("/search")
def search_page(view: Search) -> Response:
    """What is searched, who was found, and everything to refine it by."""
    found = _find(view, facets=True)
    canonical = link(found.request)
    sent = view.request.url.path + (f"?{view.request.url.query}" if view.request.url.query else "")
    if not view.is_partial and any(not value.strip() for _, value in _pairs(view)) and sent != canonical:
        return RedirectResponse(canonical, 303)  # a form sends its empty fields too
    page = view.page(
        "search.html",
        status=400 if found.error else 200,
        found=found,
        request=found.request,
        result=found.result,
        chips=chips_of(found.request, found.result),
        controls=controls_of(found.request, found.result, view.archive.camera_names()),
        link=link,
        query=canonical.partition("?")[2],
        heading=_heading(found.request, found.result),
    )
    if view.is_partial:
        page.status_code = 200  # what is not swapped in cannot say what is wrong
        page.headers["HX-Push-Url"] = canonical
    return page


@router.get("/search/more")
def more(view: Search) -> Response:
    """The next matches, to be put after those that are shown."""
    found = _find(view)
    return view.page("matches.html", found=found, request=found.request, result=found.result, link=link)


@router.post("/search/picture")
async def hand_in(
    view: Search, picture: Annotated[UploadFile, File()], query: Annotated[str, Form()] = ""
) -> RedirectResponse:
    """Take a picture as one more example of a search."""
    from starlette.concurrency import run_in_threadpool

    content = await picture.read()
    example = await run_in_threadpool(view.desk.hand_in, content, view.actor)
    request = read_request(view.archive, parse_qsl(query))
    return RedirectResponse(link(request, like=(*request.like, example)), 303)


@router.get("/search.csv")
def as_csv(view: Export) -> Response:
    """What is shown as a table for spreadsheets."""
    result = _result(view)
    rows = (match.model_dump(mode="json", exclude={"crop"}) for match in result.matches)
    return _download(csv_text(rows, [name for name in MATCH_COLUMNS if name != "crop"]), "text/csv", "matches.csv")


@router.get("/search.json")
def as_json(view: Export) -> Response:
    """What is shown as the library gives it, without paths of this machine."""
    from surveil.web.public import public

    return JSONResponse(
        public(_result(view)), headers={"Content-Disposition": 'attachment; filename="matches.json"'}
    )  # fmt: skip


@router.get("/search.png")
def as_sheet(view: Export) -> Response:
    """What is shown as a contact sheet."""
    result = _result(view, most=SHEET_MATCHES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sheet.png"
        view.archive.draw_sheet(result, path)
        return _download(path.read_bytes(), "image/png", "matches.png")


def _heading(request: SearchRequest, result: SearchResult | None) -> str:
    """What is shown below, in a few words."""
    if result is None or not result.matches:
        return "Matches"
    count = len(result.matches)
    more = " first" if result.next_offset is not None else ""
    if not (request.like or request.text or request.attributes or request.sort):
        return f"Latest sightings, the{more} {count}" if more else f"All {count} sightings"
    start = f"from {request.offset + 1} on" if request.offset else ""
    return f"The{more} {count} matches {start}".strip()


def _pairs(view: View) -> list[tuple[str, str]]:
    return view.request.query_params.multi_items()


def _find(view: View, facets: bool = False) -> SearchOutcome:
    """Search as the address says; what cannot be answered is told, with the request as far as it was understood."""
    try:
        request = read_request(view.archive, _pairs(view), facets=facets)
    except QueryError as error:
        return SearchOutcome(SearchRequest(limit=1), None, error)
    try:
        with view.acting("search", request):
            return SearchOutcome(request, view.desk.search(view.archive, request))
    except QueryError as error:
        return SearchOutcome(request, None, error)
    except StoreError:
        if view.archive.status().footage:
            raise
        return SearchOutcome(request, None)  # nothing was ingested yet


def _result(view: View, most: int = 10_000) -> SearchResult:
    request = read_request(view.archive, _pairs(view))
    if request.limit > most:
        raise QueryError(f"at most {most} matches", "limit")
    with view.acting("export", {"matches": request.limit}), view.acting("search", request):
        return view.desk.search(view.archive, request)


def _download(content: str | bytes, kind: str, name: str) -> Response:
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
