"""Clusterings, the models that describe people, and the history of searches."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from surveil.app import IdentityDiff, ModelList, RunList, SearchHistory
from surveil.web.access import Delete, Ingest, ReadAudit, See
from surveil.web.api.models import ForgottenSearches, Number, RolledBack
from surveil.web.api.paging import Limit, answer
from surveil.web.problems import named_by_address

router = APIRouter(tags=["runs"])
Run = Annotated[int | None, Query(ge=1, lt=2**63)]


@router.get("/clusterings", response_model=RunList)
def clusterings(view: Ingest) -> Response:
    """The clusterings that were stored, the newest first."""
    return answer(view.request, view.archive.clusterings())


@router.get("/clusterings/changes", response_model=IdentityDiff)
def changes(view: Ingest, before: Run = None, after: Run = None) -> Response:
    """What became of identities from one clustering to a later one, or to now; by default what changed last."""
    with named_by_address(), view.acting("ingest", {"compare": [before, after]}):
        return answer(view.request, view.archive.compare_clusterings(before, after))


@router.post("/clusterings/{clustering}/roll-back", response_model=RolledBack, status_code=201)
def roll_back(view: Ingest, clustering: Number) -> Response:
    """Make an earlier clustering the current one, as a run of its own; what operators decided holds."""
    with named_by_address(), view.acting("ingest", {"roll back": clustering}):
        return answer(view.request, RolledBack(clustering=view.archive.roll_back(clustering)), 201)


@router.get("/models", response_model=ModelList)
def models(view: See) -> Response:
    """The models that ship, and those that have described sightings."""
    return answer(view.request, view.archive.model_list())


@router.get("/search-history", response_model=SearchHistory)
def search_history(view: ReadAudit, limit: Limit = 50) -> Response:
    """The searches that were made lately, by whomever."""
    return answer(view.request, view.archive.search_history(limit))


@router.delete("/search-history", response_model=ForgottenSearches)
def forget_search_history(view: Delete) -> Response:
    """Forget which searches were made; the audit keeps that they were."""
    with view.acting("delete", {"search history": True}):
        return answer(view.request, ForgottenSearches(searches=view.archive.forget_search_history()))
