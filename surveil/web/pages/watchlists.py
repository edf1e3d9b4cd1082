"""Watchlists: searches under a name, and what is new in them since somebody last looked."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from surveil.web.access import Save
from surveil.web.links import link, read_request
from surveil.web.problems import named_by_address

router = APIRouter(prefix="/watchlists")
Name = Annotated[str, Form(min_length=1, max_length=200)]


@router.get("")
def watchlists_page(view: Save) -> Response:
    """The saved searches by name."""
    return view.page("watchlists.html", searches=view.archive.saved_searches().searches, link=link)


@router.post("")
def save(
    view: Save, name: Name, query: Annotated[str, Form(max_length=4000)], watch: Annotated[bool, Form()] = False
) -> Response:  # fmt: skip
    """Keep a search under a name."""
    request = read_request(view.archive, parse_qsl(query))
    with view.acting("save", {"watch": watch}):
        view.archive.save_search(name, request.model_copy(update={"facets": False, "offset": 0}), watch=watch)
    return RedirectResponse("/watchlists", 303)


@router.post("/forget")
def forget(view: Save, name: Name) -> Response:
    """Forget a search; what it finds stays."""
    with view.acting("save", {"forget": "a search"}), named_by_address():
        view.archive.forget_search(name)
    return RedirectResponse("/watchlists", 303)
