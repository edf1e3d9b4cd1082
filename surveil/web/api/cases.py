"""Cases: what investigations gather. Their packages of evidence are jobs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path
from fastapi.responses import Response

from surveil.app import CaseDetail, CaseEntry, CaseSummary
from surveil.errors import QueryError
from surveil.web.access import KeepCases
from surveil.web.api.models import CaseChange, CaseDraft, CaseEntryDraft, CasePage, Number
from surveil.web.api.paging import After, Limit, answer, page_of
from surveil.web.problems import named_by_address

router = APIRouter(tags=["cases"])
Name = Annotated[str, Path(min_length=1, max_length=200, examples=["theft of 14 September"])]
ENTRIES = {
    "sighting": {"summary": "A sighting and the seconds around it", "value": {"sighting": 1, "note": "at the gate"}},
    "stretch": {"summary": "A stretch of footage", "value": {"footage": 1, "begin": 2.0, "end": 5.5}},
}


@router.get("/cases", response_model=CasePage)
def cases(view: KeepCases, limit: Limit = 50, cursor: After = None) -> Response:
    """The cases by name."""
    shown, following = page_of(view.archive.cases.list().cases, limit, cursor)
    return answer(view.request, CasePage(cases=shown, next_cursor=following))


@router.post("/cases", response_model=CaseSummary, status_code=201)
def new_case(view: KeepCases, draft: CaseDraft) -> Response:
    """Open a case. While it is open, its footage is kept from being deleted."""
    with view.acting("case", {"new": draft.name}):
        return answer(view.request, view.archive.cases.new(draft.name, view.actor.name), 201)


@router.post("/cases/{case:path}/entries", response_model=CaseEntry, status_code=201)
def add_entry(
    view: KeepCases, case: Name, draft: Annotated[CaseEntryDraft, Body(openapi_examples=ENTRIES)]
) -> Response:  # fmt: skip
    """Put a sighting, or a stretch of footage, into a case."""
    with named_by_address():
        view.archive.cases.show(case)
    what = draft.model_dump(exclude_none=True, exclude={"note"})
    with view.acting("case", {"case": case, "add": what}):
        if draft.sighting is not None:
            added = view.archive.cases.add_sighting(case, draft.sighting, view.actor.name, note=draft.note)
        elif draft.footage is not None and draft.begin is not None and draft.end is not None:
            added = view.archive.cases.add_clip(
                case, draft.footage, draft.begin, draft.end, view.actor.name, note=draft.note
            )
        else:
            raise QueryError("neither a sighting nor a stretch of footage", "entry", "Give footage, begin and end.")
    return answer(view.request, added, 201)


@router.delete("/cases/{case:path}/entries/{item}", status_code=204)
def remove_entry(view: KeepCases, case: Name, item: Number) -> Response:
    """Take something out of a case; what it showed stays in the database."""
    with view.acting("case", {"case": case, "remove": item}), named_by_address():
        view.archive.cases.remove(case, item)
    return Response(status_code=204)


@router.get("/cases/{case:path}", response_model=CaseDetail)
def case_detail(view: KeepCases, case: Name) -> Response:
    """A case with what is in it."""
    with named_by_address():
        return answer(view.request, view.archive.cases.show(case))


@router.patch("/cases/{case:path}", response_model=CaseSummary)
def close_case(view: KeepCases, case: Name, change: CaseChange) -> Response:
    """Close a case, which no longer keeps its footage then, or open it again."""
    with view.acting("case", {"case": case, "closed": change.closed}), named_by_address():
        return answer(view.request, view.archive.cases.close(case, change.closed))
