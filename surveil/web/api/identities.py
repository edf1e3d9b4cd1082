"""Identities, and what is decided of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from surveil.app import DecisionEntry, IdentityDetail
from surveil.errors import QueryError
from surveil.web.access import Decide, See, View
from surveil.web.api.models import DecisionDraft, DecisionPage, IdentityPage, Number
from surveil.web.api.paging import After, Limit, answer, offset_of, page_of
from surveil.web.api.paging import cursor as next_cursor
from surveil.web.problems import MissingError, named_by_address

if TYPE_CHECKING:
    from surveil.app.archive import Decisions

router = APIRouter(tags=["identities"])


@router.get("/identities", response_model=IdentityPage)
def identities(view: See, hidden: bool = False, limit: Limit = 50, cursor: After = None) -> Response:
    """The identities, those with most sightings first."""
    with view.acting("see", {"identities": "all"}):
        start = offset_of(cursor)
        found = view.archive.identities(hidden=hidden, limit=limit + 1, offset=start).identities
    following = next_cursor(start + limit if len(found) > limit else None)
    return answer(view.request, IdentityPage(identities=found[:limit], next_cursor=following))


@router.get("/identities/{identity}", response_model=IdentityDetail)
def identity(view: See, identity: Number) -> Response:
    """An identity: its sightings, visits, companions, and who may be the same person."""
    with named_by_address(), view.acting("see", {"identity": identity}):
        return answer(view.request, view.archive.identity(identity))


@router.get("/decisions", response_model=DecisionPage)
def decisions(
    view: See,
    identity: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    limit: Limit = 50,
    cursor: After = None,
) -> Response:
    """What operators decided, the newest first; of one identity or of all."""
    shown, following = page_of(view.archive.decisions(identity).decisions, limit, cursor)
    return answer(view.request, DecisionPage(decisions=shown, next_cursor=following))


@router.post("/identities/{identity}/decisions", response_model=DecisionEntry, status_code=201)
def decide(view: Decide, identity: Number, decision: DecisionDraft) -> Response:
    """Decide something of an identity. It holds after every later clustering, until it is undone."""
    with named_by_address():
        for one in (identity, *decision.others):
            view.archive.identity(one)
    for sighting in decision.sightings:
        view.archive.sighting(sighting)
    what = {"identity": identity, "what": decision.kind}
    with view.acting("decide", what), view.archive.decide(view.actor.name, seen=decision.seen) as deciding:
        number = _decide(deciding, identity, decision)
    return _entry(view, number)


@router.post("/decisions/{decision}/undo", response_model=DecisionEntry, status_code=201)
def undo(view: Decide, decision: Number) -> Response:
    """Take a decision back."""
    if decision not in {entry.decision for entry in view.archive.decisions().decisions}:
        raise MissingError(f"no decision has the number {decision}")
    with (
        named_by_address(),
        view.acting("decide", {"undo": decision}),
        view.archive.decide(view.actor.name) as deciding,
    ):
        number = deciding.undo(decision)
    return _entry(view, number)


def _decide(deciding: Decisions, identity: int, decision: DecisionDraft) -> int:
    match decision.kind:
        case "name":
            return deciding.name(identity, decision.text)
        case "note":
            return deciding.note(identity, decision.text)
        case "hide":
            return deciding.hide(identity, decision.hidden)
        case "picture":
            return deciding.set_picture(identity, _one(decision.sightings, "sightings"))
        case "merge":
            return deciding.merge(identity, decision.others)
        case "apart":
            return deciding.keep_apart(identity, _one(decision.others, "others"))
        case "split":
            return deciding.split(identity, decision.sightings)
        case "move":
            return deciding.move(_one(decision.sightings, "sightings"), _one(decision.others, "others"))


def _one(given: tuple[int, ...], where: str) -> int:
    if len(given) != 1:
        raise QueryError(f"expected one number, not {len(given)}", where)
    return given[0]


def _entry(view: View, number: int) -> Response:
    entry = next(entry for entry in view.archive.decisions().decisions if entry.decision == number)
    return answer(view.request, entry, 201)
