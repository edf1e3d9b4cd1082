"""Searches under a name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from surveil.errors import QueryError
from surveil.search.filters import unknown
from surveil.store.tables import SavedSearchLook, SavedSearchRow, SightingRow

MAX_NAME = 200


def save_search(session: Session, name: str, request: dict[str, Any], *, watch: bool) -> SavedSearchRow:
    """Keep a search.

    Raises:
        QueryError: The name is none, or taken.
    """
    if not name.strip() or len(name) > MAX_NAME:
        raise QueryError(f"a name has 1 to {MAX_NAME} characters", "name")
    saved = SavedSearchRow(name=name, request=request, made_at=datetime.now(UTC), watch=watch)
    try:
        with session.begin_nested():
            session.add(saved)
    except IntegrityError:
        forget = f"Forget it first: surveil saved forget {name}"
        raise QueryError(f"a search is called {name!r} already", "name", forget) from None
    return saved


def saved_search(session: Session, name: str) -> SavedSearchRow:
    """The search of a name.

    Raises:
        QueryError: There is none.
    """
    found = session.scalars(select(SavedSearchRow).where(SavedSearchRow.name == name)).one_or_none()
    if found is None:
        raise unknown("search", name, session.scalars(select(SavedSearchRow.name)))
    return found


def saved_searches(session: Session, *, watched: bool = False) -> Sequence[SavedSearchRow]:
    """All of them by name, or those that are watched."""
    rows = select(SavedSearchRow).order_by(SavedSearchRow.name)
    return session.scalars(rows.where(SavedSearchRow.watch) if watched else rows).all()


def watch_search(
    session: Session, name: str, *, watch: bool, webhook: str | None, secret: str | None
) -> SavedSearchRow:
    """Run a saved search on what is new from now on, or not any more, and tell its hits to a webhook, or to none.

    Raises:
        QueryError: There is none of that name.
    """
    saved = saved_search(session, name)
    saved.watch, saved.webhook, saved.webhook_secret = watch, webhook, secret
    return saved


def last_looks(session: Session, actor: str) -> dict[int, int]:
    """The newest sighting when somebody last looked at what each saved search finds, by the search's number."""
    rows = select(SavedSearchLook.search_id, SavedSearchLook.sighting).where(SavedSearchLook.actor == actor)
    return dict(session.execute(rows).all())


def newest_sighting(session: Session) -> int:
    """The number of the sighting that was stored last; 0 where there is none."""
    return session.scalar(select(func.max(SightingRow.id))) or 0


def note_look(session: Session, name: str, actor: str, sighting: int | None = None) -> None:
    """Note that somebody looked at what a saved search finds.

    Args:
        session: A session.
        name: The search.
        actor: Who.
        sighting: The newest sighting that they can have seen; None: the newest there is.

    Raises:
        QueryError: There is none of that name.
    """
    newest = newest_sighting(session)
    saved = saved_search(session, name)
    seen = newest if sighting is None else min(sighting, newest)
    session.merge(SavedSearchLook(search_id=saved.id, actor=actor, sighting=seen))


def forget_search(session: Session, name: str) -> None:
    """Forget a search; what it finds stays.

    Raises:
        QueryError: There is none of that name.
    """
    saved_search(session, name)
    session.execute(delete(SavedSearchRow).where(SavedSearchRow.name == name))
