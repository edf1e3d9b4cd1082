"""Work that takes longer than a request: ingesting, grouping, exporting."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body
from fastapi.responses import Response, StreamingResponse

from surveil.app import SearchRequest
from surveil.errors import QueryError
from surveil.web.access import See, View
from surveil.web.api.models import JobDraft, JobList, JobStatus, Number
from surveil.web.api.paging import answer
from surveil.web.jobs import Job
from surveil.web.links import check_web_request
from surveil.web.problems import MissingError, named_by_address

router = APIRouter(tags=["jobs"])
EXAMPLES = {
    "matches": {"summary": "All matches of a search as CSV", "value": {"kind": "export", "request": {"text": "woman"}}},
    "case": {"summary": "A case as evidence", "value": {"kind": "export", "case": "theft of 14 September"}},
    "ingest": {"summary": "Find the people in footage", "value": {"kind": "ingest", "paths": ["/recordings/gate"]}},
    "cluster": {"summary": "Group all sightings", "value": {"kind": "cluster"}},
}
FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {}, "application/zip": {}}, "description": "The file."}
}


@router.get("/jobs", response_model=JobList)
def jobs(view: See) -> Response:
    """Your jobs since the server was started, the newest first; supervisors see those of others too."""
    shown = tuple(_status(job) for job in view.desk.jobs.all() if job.is_seen_by(view.actor))
    return answer(view.request, JobList(jobs=shown))


@router.post("/jobs", response_model=JobStatus, status_code=202)
def start(view: See, draft: Annotated[JobDraft, Body(openapi_examples=EXAMPLES)]) -> Response:
    """Have something done: look at the job for how far it is. What is needed: `ingest`, or `export`."""
    if draft.kind == "export":
        job = _export_matches(view, draft.request) if draft.case is None else _export_case(view, draft, draft.case)
    elif draft.kind == "ingest":
        if not draft.paths:
            raise QueryError("nothing to ingest", "paths")
        with view.acting("ingest", {"paths": len(draft.paths)}):
            job = view.desk.ingest(draft.paths, view.actor)
    else:
        with view.acting("ingest", {"cluster": "all"}):
            job = view.desk.cluster(view.actor)
    return accepted(view, job)


@router.get("/jobs/{job}", response_model=JobStatus)
def job(view: See, job: Number) -> Response:
    """Where a job stands."""
    return answer(view.request, _status(_found(view, job)))


@router.delete("/jobs/{job}", response_model=JobStatus, status_code=202)
def cancel(view: See, job: Number) -> Response:
    """Call a job off: it stops where it next can. Footage that was finished by then stays; a half export does not."""
    _found(view, job)
    return answer(view.request, _status(view.desk.jobs.cancel(job)), 202)


@router.get("/jobs/{job}/file", response_class=Response, responses=FILES)
def exported(view: See, job: Number) -> Response:
    """The file of an export that is done. It is kept for an hour, and not beyond a deletion of people."""
    found = _found(view, job)
    file = found.file
    if file is None:
        raise MissingError("it has no file (any more)", f"job {job}", "Export it again.")
    with view.acting("export", {"file of job": job}):
        blocks = file.blocks()
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"', "Content-Length": str(file.size)}
    return StreamingResponse(blocks, media_type=file.kind, headers=headers)


def accepted(view: View, job: Job) -> Response:
    """The answer to whoever asked for a job."""
    made = answer(view.request, _status(job), 202)
    made.headers["Location"] = f"/api/v1/jobs/{job.number}"
    return made


def _export_matches(view: View, request: SearchRequest | None) -> Job:
    asked = request or SearchRequest()
    check_web_request(asked)
    with view.acting("export", {"matches": "all"}), view.acting("search", asked):
        return view.desk.export_matches(asked, view.actor)


def _export_case(view: View, draft: JobDraft, case: str) -> Job:
    with named_by_address():
        view.archive.cases.show(case)
    with view.acting("export", {"case": case, "blur_others": draft.blur_others}):
        return view.desk.export_case(case, view.actor, reason=view.reason, blur_others=draft.blur_others)


def _found(view: View, number: int) -> Job:
    with named_by_address():
        found = view.desk.jobs.get(number)
    if not found.is_seen_by(view.actor):
        raise MissingError(f"no job has the number {number}")
    return found


def _status(job: Job) -> JobStatus:
    file = None if job.file is None else f"/api/v1/jobs/{job.number}/file"
    return JobStatus(
        job=job.number, kind=job.kind, by=job.actor.name, made_at=job.made_at, state=job.state, progress=job.progress,
        message=job.message, result=job.result, file=file, error=job.error,
    )  # fmt: skip
