"""Where people are named besides their sightings: in decisions, saved searches, and the history of searches."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from surveil.store.tables import Decision, PastSearchRow, SavedSearchRow

BLANK = {"footage": "", "seconds": 0.0, "box": [0.0, 0.0, 0.0, 0.0], "picture": None}
"""What a decision keeps of a sighting that is gone, besides its number: it is found no more."""
WORDS = frozenset({"name", "note"})
"""Kinds of decisions whose value is what somebody wrote of a person."""


def blank_decisions(session: Session, sightings: Collection[int], identities: Collection[int]) -> int:
    """Take out of all decisions how these sightings looked and where, and what these identities are called.

    The decisions themselves stay, and so does what they say of others.

    Returns:
        How many decisions were changed.
    """
    changed = 0
    for decision in session.scalars(select(Decision).order_by(Decision.id).with_for_update()):
        if _blank(decision.content, decision.kind, sightings, identities):
            flag_modified(decision, "content")
            changed += 1
    session.flush()
    return changed


def forget_searches(
    session: Session, sightings: Collection[int], identities: Collection[int], names: Collection[str]
) -> int:
    """Delete the saved searches that name one of these sightings or identities; gives their number.

    Of the history those go too, and all that were made by an example, for it may have shown the same people.
    """
    of_them = {f"sighting:{number}" for number in sightings} | {f"identity:{number}" for number in identities}
    called = {str(number) for number in identities} | set(names)
    gone = [
        saved.id
        for saved in session.scalars(select(SavedSearchRow))
        if _named(saved.request, "like", "unlike") & of_them or _named(saved.request, "identities") & called
    ]
    session.execute(delete(SavedSearchRow).where(SavedSearchRow.id.in_(gone)))
    past = [
        search.id
        for search in session.scalars(select(PastSearchRow))
        if _named(search.request, "like", "unlike") or _named(search.request, "identities") & called
    ]
    session.execute(delete(PastSearchRow).where(PastSearchRow.id.in_(past)))
    return len(gone)


def _blank(content: dict[str, Any], kind: str, sightings: Collection[int], identities: Collection[int]) -> bool:
    changed = False
    for reference in content["sightings"]:
        if reference["sighting"] in sightings and reference["footage"]:
            reference.update(BLANK)
            changed = True
    if kind in WORDS and content["value"] and content["identities"][0] in identities:
        content["value"], changed = None, True
    for identity in content["names"]:
        if int(identity) in identities and content["names"][identity] != [None, None]:
            content["names"][identity], changed = [None, None], True
    return changed


def _named(request: dict[str, Any], *fields: str) -> set[str]:
    return {str(value) for field in fields for value in request.get(field) or ()}
