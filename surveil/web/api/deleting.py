"""Deleting those whose time is over, and those who are to be forgotten."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body
from fastapi.responses import Response

from surveil.app import Forgettable, Removal, RetentionResult
from surveil.web.access import Delete, View
from surveil.web.api.models import ForgetDraft, ForgettableDraft, RetentionDraft
from surveil.web.api.paging import answer
from surveil.web.links import check_example

router = APIRouter(tags=["deleting"])
WHOM = {
    "identity": {"summary": "Everybody of an identity", "value": {"identity": 1}},
    "like": {"summary": "Whoever looks like a sighting", "value": {"like": "sighting:1", "min_probability": 0.95}},
}


@router.post("/retention", response_model=RetentionResult)
def run_retention(view: Delete, draft: RetentionDraft) -> Response:
    """Delete whom their cameras are not to keep any longer; what open cases hold stays, and is told."""
    with view.acting("delete", {"retention": True, "rehearse": draft.rehearse}):
        result = view.archive.retention.run(rehearse=draft.rehearse)
    _let_go(view, result.removal)
    return answer(view.request, result)


@router.post("/forgettable", response_model=Forgettable)
def forgettable(view: Delete, draft: Annotated[ForgettableDraft, Body(openapi_examples=WHOM)]) -> Response:
    """Who would be forgotten, by identity, by number, or by an example: look at them first. Nothing is deleted."""
    if draft.like is not None:
        check_example(draft.like)
    with view.acting("delete", {"rehearse": True}):
        found = view.archive.retention.find(
            identity=draft.identity,
            sightings=draft.sightings,
            like=draft.like,
            min_probability=draft.min_probability,
        )
    return answer(view.request, found)


@router.post("/forget", response_model=Removal)
def forget(view: Delete, draft: ForgetDraft) -> Response:
    """Delete sightings with all that is stored of them: pictures, descriptions, embeddings, names and notes."""
    with view.acting("delete", {"sightings": len(draft.sightings)}):
        chosen = view.archive.retention.find(sightings=draft.sightings)  # only those that they may see
        removal = view.archive.retention.forget(chosen.sightings)
    _let_go(view, removal)
    return answer(view.request, removal)


def _let_go(view: View, removal: Removal) -> None:
    """Tables that were exported may hold whoever was deleted."""
    if removal.sightings and not removal.rehearsed:
        view.desk.jobs.drop_files()
