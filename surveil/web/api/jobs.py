"""Work that takes longer than a request: ingesting, grouping, exporting."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from surveil.app import Archive, Match, SearchRequest
from surveil.app.wording import MATCH_COLUMNS
from surveil.errors import QueryError
from surveil.spreadsheet import csv_text
from surveil.web.access import See, View
from surveil.web.api.models import JobDraft, JobList, JobStatus, Number
from surveil.web.api.paging import answer
from surveil.web.jobs import Job
from surveil.web.links import check_web_request
from surveil.web.problems import MissingError, named_by_address

router = APIRouter(tags=["jobs"])
EXPORT_PAGE, EXPORT_MOST = 200, 10_000


@router.get("/jobs", response_model=JobList)
def jobs(view: See) -> Response:
    """Your jobs since the server was started, the newest first; supervisors see all."""
    shown = tuple(_status(job) for job in view.desk.jobs.all() if _is_theirs(view, job))
    return answer(view.request, JobList(jobs=shown))


@router.post("/jobs", response_model=JobStatus, status_code=202)
def start(view: See, draft: JobDraft) -> Response:
    """Have something done: look at the job for how far it is. What is needed: `ingest`, or `export`."""
    if draft.kind == "export":
        job = _export(view, draft)
    elif draft.kind == "ingest":
        if not draft.paths:
            raise QueryError("nothing to ingest", "paths")
        with view.acting("ingest", {"paths": len(draft.paths)}):
            job = view.desk.ingest(draft.paths, view.actor.name)
    else:
        with view.acting("ingest", {"cluster": "all"}):
            job = view.desk.cluster(view.actor.name)
    made = answer(view.request, _status(job), 202)
    made.headers["Location"] = f"/api/v1/jobs/{job.number}"
    return made


@router.get("/jobs/{job}", response_model=JobStatus)
def job(view: See, job: Number) -> Response:
    """Where a job stands."""
    return answer(view.request, _status(_theirs(view, job)))


@router.delete("/jobs/{job}", response_model=JobStatus, status_code=202)
def cancel(view: See, job: Number) -> Response:
    """Call a job off: it stops where it next can, and what it stored until then stays."""
    _theirs(view, job)
    return answer(view.request, _status(view.desk.jobs.cancel(job)), 202)


@router.get("/jobs/{job}/file", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
def exported(view: See, job: Number) -> Response:
    """The file of an export that is done."""
    found = _theirs(view, job)
    if found.kind != "export" or found.state != "done":
        raise MissingError("it has no file", f"job {job}")
    headers = {"Content-Disposition": 'attachment; filename="matches.csv"'}
    return Response(found.result, media_type="text/csv", headers=headers)


def _export(view: View, draft: JobDraft) -> Job:
    request = draft.request or SearchRequest()
    check_web_request(request)
    with view.acting("export", {"matches": "all"}), view.acting("search", request):
        archive, actor = view.archive, view.actor

        def work(job: Job) -> str:
            with archive.seeing(actor):
                return _all_matches(archive, request, job)

        return view.desk.jobs.start("export", view.actor.name, work)


def _all_matches(archive: Archive, request: SearchRequest, job: Job) -> str:
    matches: list[Match] = []
    following: int | None = 0
    while following is not None and len(matches) < EXPORT_MOST and not job.stop.is_set():
        asked = request.model_copy(update={"offset": following, "limit": EXPORT_PAGE, "facets": False})
        result = archive.search(asked)
        matches += result.matches
        following = result.next_offset
        job.message, job.progress = f"{len(matches)} matches", min(len(matches) / EXPORT_MOST, 0.99)
    if not job.stop.is_set():
        job.progress = 1.0
    rows = (match.model_dump(mode="json", exclude={"crop"}) for match in matches)
    return csv_text(rows, [name for name in MATCH_COLUMNS if name != "crop"])


def _is_theirs(view: View, job: Job) -> bool:
    return job.by == view.actor.name or view.actor.may("audit")


def _theirs(view: View, number: int) -> Job:
    with named_by_address():
        found = view.desk.jobs.get(number)
    if not _is_theirs(view, found):
        raise MissingError(f"no job has the number {number}")
    return found


def _status(job: Job) -> JobStatus:
    result = f"/api/v1/jobs/{job.number}/file" if job.kind == "export" and job.state == "done" else job.result
    return JobStatus(
        job=job.number, kind=job.kind, by=job.by, made_at=job.made_at, state=job.state, progress=job.progress,
        message=job.message, result=None if job.kind == "export" and job.state != "done" else result, error=job.error,
    )  # fmt: skip
