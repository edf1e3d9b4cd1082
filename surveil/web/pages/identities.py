"""Identities: who they are taken to be, where they were, and what the operator says of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Query
from fastapi.responses import RedirectResponse, Response

from surveil.app import Match
from surveil.errors import QueryError
from surveil.web.access import Decide, See, View
from surveil.web.drawings import path_graph, timeline
from surveil.web.links import link
from surveil.web.problems import named_by_address

if TYPE_CHECKING:
    from surveil.app.archive import Decisions

router = APIRouter(prefix="/identities")
PAGE = 60
Number = Annotated[int, Form(ge=1)]
Seen = Annotated[int, Form(ge=0)]
"""The newest decision that the operator knew when the page was made."""


@router.get("")
def list_page(view: See, hidden: bool = False, offset: Annotated[int, Query(ge=0, lt=2**31)] = 0) -> Response:
    """The identities, those with most sightings first."""
    with view.acting("see", {"identities": "all"}):
        shown = view.archive.identities(hidden=hidden, limit=PAGE, offset=offset).identities
        count = view.archive.identity_count(hidden=hidden)
    following = offset + PAGE if offset + PAGE < count else None
    return view.page(
        "identities.html", shown=shown, count=count, hidden=hidden, next_offset=following,
        log=view.archive.decisions().decisions[:12],
    )  # fmt: skip


@router.get("/{identity}")
def identity_page(view: See, identity: int) -> Response:
    """Where somebody was, and everything that can be decided."""
    with named_by_address(), view.acting("see", {"identity": identity}):
        detail = view.archive.identity(identity)
    by_camera: dict[str, list[Match]] = defaultdict(list)
    for match in detail.sightings:
        by_camera[match.camera].append(match)
    return view.page(
        "identity.html",
        detail=detail,
        by_camera=by_camera,
        timeline=timeline(detail),
        graph=path_graph(detail.sightings),
        log=view.archive.decisions(identity).decisions,
        find=link(view.archive.request(like=[f"identity:{identity}"])),
    )


@router.post("/{identity}/name")
def name(view: Decide, identity: int, seen: Seen, text: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Name somebody; no text takes the name away."""
    return _decide(view, identity, seen, lambda decisions: decisions.name(identity, text.strip() or None))


@router.post("/{identity}/note")
def note(view: Decide, identity: int, seen: Seen, text: Annotated[str, Form(max_length=10_000)] = "") -> Response:
    """Note something; no text takes the note away."""
    return _decide(view, identity, seen, lambda decisions: decisions.note(identity, text.strip() or None))


@router.post("/{identity}/hide")
def hide(view: Decide, identity: int, seen: Seen, hidden: Annotated[bool, Form()]) -> Response:
    """Leave somebody out of lists, or show them again."""
    return _decide(view, identity, seen, lambda decisions: decisions.hide(identity, hidden))


@router.post("/{identity}/merge")
def merge(view: Decide, identity: int, seen: Seen, other: Number) -> Response:
    """Another identity is the same person: its sightings become those of this one."""
    _check_granted(view, other)
    return _decide(view, identity, seen, lambda decisions: decisions.merge(identity, [other]))


@router.post("/{identity}/apart")
def keep_apart(view: Decide, identity: int, seen: Seen, other: Number) -> Response:
    """Another identity is another person, whatever they look like."""
    _check_granted(view, other)
    return _decide(view, identity, seen, lambda decisions: decisions.keep_apart(identity, other))


@router.post("/{identity}/split")
def split(view: Decide, identity: int, seen: Seen, sighting: Annotated[list[int], Form()]) -> Response:
    """Some sightings are another person, who becomes an identity of their own."""
    for one in sighting:
        view.archive.sighting(one)
    return _decide(view, identity, seen, lambda decisions: decisions.split(identity, sighting))


@router.post("/{identity}/move")
def move(view: Decide, identity: int, seen: Seen, sighting: Number, other: Number) -> Response:
    """A sighting shows somebody else."""
    _check_granted(view, other)
    view.archive.sighting(sighting)
    return _decide(view, identity, seen, lambda decisions: decisions.move(sighting, other))


@router.post("/{identity}/picture")
def picture(view: Decide, identity: int, seen: Seen, sighting: Number) -> Response:
    """Show somebody by one of their sightings."""
    view.archive.sighting(sighting)
    return _decide(view, identity, seen, lambda decisions: decisions.set_picture(identity, sighting))


@router.post("/{identity}/undo")
def undo(view: Decide, identity: int, decision: Number) -> Response:
    """Take a decision back."""
    concerned = {one.decision for one in view.archive.decisions(identity).decisions}
    if decision not in concerned:
        raise QueryError(f"does not concern identity {identity}", f"decision {decision}")
    return _decide(view, identity, None, lambda decisions: decisions.undo(decision))


def _check_granted(view: View, identity: int) -> None:
    """Raise a QueryError for an identity of which they may see nothing."""
    view.archive.identity(identity)


def _decide(view: View, identity: int, seen: int | None, decision: Callable[[Decisions], int]) -> Response:
    """Decide, and show the identity as it is now, or the list where nothing is left of it."""
    _check_granted(view, identity)
    what = {"identity": identity, "what": view.request.url.path.rpartition("/")[2]}
    with view.acting("decide", what), view.archive.decide(view.actor.name, seen=seen) as decisions:
        decision(decisions)
    is_left = view.archive.identities(hidden=True, among=[identity]).identities
    return RedirectResponse(f"/identities/{identity}" if is_left else "/identities", 303)
