"""Watchlists: searches under a name, and what is new in them since somebody last looked."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from surveil.web.access import Save, View
from surveil.web.links import link, read_request
from surveil.web.problems import named_by_address

router = APIRouter(prefix="/watchlists")
Name = Annotated[str, Form(min_length=1, max_length=200)]


@router.get("")
def watchlists_page(view: Save) -> Response:
    """The saved searches by name, each with what is new to whoever asks."""
    return _page(view)


@router.post("")
def save(
    view: Save, name: Name, query: Annotated[str, Form(max_length=4000)], watch: Annotated[bool, Form()] = False
) -> Response:  # fmt: skip
    """Keep a search under a name; what it finds now has been looked at."""
    request = read_request(view.archive, parse_qsl(query))
    plain = request.model_copy(update={"facets": False, "offset": 0, "newer_than": None})
    with view.acting("save", {"watch": watch}):
        view.archive.save_search(name, plain, watch=watch)
        view.archive.look_at_search(name, view.actor.name)
    return RedirectResponse("/watchlists", 303)


@router.post("/seen")
def seen(view: Save, name: Name, newest: Annotated[int, Form(ge=0, lt=2**63)]) -> Response:
    """What a search found up to the newest sighting of the page is not new any more."""
    with view.acting("save", {"seen": newest}), named_by_address():
        view.archive.look_at_search(name, view.actor.name, sighting=newest)
    return RedirectResponse("/watchlists", 303)


@router.post("/watch")
def watch(
    view: Save, name: Name, watch: Annotated[bool, Form()] = False, webhook: Annotated[str, Form(max_length=2000)] = ""
) -> Response:
    """Run a search on new footage, or not, and tell its hits somewhere; the secret that signs them is shown once."""
    with view.acting("save", {"watch": watch, "webhook": bool(webhook.strip())}), named_by_address():
        saved = view.archive.watch_search(name, watch=watch, webhook=webhook.strip() or None)
    return _page(view, secret=saved.secret, told=saved.name) if saved.secret else RedirectResponse("/watchlists", 303)


@router.post("/forget")
def forget(view: Save, name: Name) -> Response:
    """Forget a search; what it finds stays."""
    with view.acting("save", {"forget": "a search"}), named_by_address():
        view.archive.forget_search(name)
    return RedirectResponse("/watchlists", 303)


def _page(view: View, secret: str | None = None, told: str | None = None) -> Response:
    with view.acting("search", {"watchlists": "what is new"}):
        hits = view.desk.new_hits(view.actor.name)
    return view.page("watchlists.html", hits_of=hits, link=link, secret=secret, told=told)
