"""Cases: what an investigation gathers, and packages of evidence made of it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from surveil.app import evidence_key
from surveil.web.access import Export, KeepCases, View
from surveil.web.jobs import ENDED, Job
from surveil.web.problems import named_by_address

router = APIRouter(prefix="/cases")
Name = Annotated[str, Form(min_length=1, max_length=200)]
Note = Annotated[str, Form(max_length=2000)]


@router.get("")
def cases_page(view: KeepCases, case: str = "") -> Response:
    """The cases, or the one that is asked for: a name may hold what a path may not."""
    if not case:
        return view.page("cases.html", cases=view.archive.cases.list().cases, address=address)
    with named_by_address(), view.acting("case", {"show": case}):
        detail = view.archive.cases.show(case)
    return view.page(
        "case.html",
        case=detail,
        name=case,
        packages=_packages(view, case),
        ended=ENDED,
        fingerprint=evidence_key(),
    )


@router.post("")
def new(view: KeepCases, case: Name) -> Response:
    """Open a case."""
    with view.acting("case", {"new": case}):
        made = view.archive.cases.new(case, view.actor.name)
    return RedirectResponse(address(made.name), 303)


@router.post("/add")
def add(view: KeepCases, case: Name, sighting: Annotated[int, Form(ge=1, lt=2**63)], note: Note = "") -> Response:
    """Put a sighting into a case, with the footage around it."""
    view.archive.sighting(sighting)
    with view.acting("case", {"case": case, "add": f"sighting:{sighting}"}):
        view.archive.cases.add_sighting(case, sighting, view.actor.name, note=note.strip() or None)
    return RedirectResponse(address(case), 303)


@router.post("/remove")
def remove(view: KeepCases, case: Name, item: Annotated[int, Form(ge=1, lt=2**63)]) -> Response:
    """Take an item out of a case; what it shows stays where it is."""
    with view.acting("case", {"case": case, "remove": item}):
        view.archive.cases.remove(case, item)
    return RedirectResponse(address(case), 303)


@router.post("/close")
def close(view: KeepCases, case: Name, closed: Annotated[bool, Form()]) -> Response:
    """Close a case, which no longer keeps its footage then, or open it again."""
    with view.acting("case", {"case": case, "closed": closed}):
        view.archive.cases.close(case, closed)
    return RedirectResponse(address(case), 303)


@router.post("/export")
def export(view: Export, case: Name, blur_others: Annotated[bool, Form()] = False) -> Response:
    """Have a package of evidence made: originals, pictures and a report, signed."""
    with named_by_address():
        view.archive.cases.show(case)
    with view.acting("export", {"case": case, "blur_others": blur_others}):
        view.desk.export_case(case, view.actor, reason=view.reason, blur_others=blur_others)
    return RedirectResponse(address(case), 303)


@router.get("/packages")
def packages(view: KeepCases, case: str) -> Response:
    """How far the packages of a case are, for the page that shows it."""
    return view.page("packages.html", name=case, packages=_packages(view, case), ended=ENDED)


def address(case: str) -> str:
    """Where a case is shown."""
    return f"/cases?{urlencode({'case': case})}"


def _packages(view: View, case: str) -> list[Job]:
    """The packages that were made of a case since the server was started, the newest first."""
    return [
        job
        for job in view.desk.jobs.all()
        if job.kind == "export" and job.message == case and job.is_seen_by(view.actor)
    ]
