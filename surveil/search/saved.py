"""Searches under a name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from surveil.errors import QueryError
from surveil.search.filters import unknown
from surveil.store.tables import SavedSearch

MAX_NAME = 200


def save_search(session: Session, name: str, request: dict[str, Any], *, watch: bool) -> SavedSearch:
    """Keep a search.

    Raises:
        QueryError: The name is none, or taken.
    """
    if not name.strip() or len(name) > MAX_NAME:
        raise QueryError(f"a name has 1 to {MAX_NAME} characters", "name")
    saved = SavedSearch(name=name, request=request, made_at=datetime.now(UTC), watch=watch)
    try:
        with session.begin_nested():
            session.add(saved)
    except IntegrityError:
        forget = f"Forget it first: surveil saved forget {name}"
        raise QueryError(f"a search is called {name!r} already", "name", forget) from None
    return saved


def saved_search(session: Session, name: str) -> SavedSearch:
    """The search of a name.

    Raises:
        QueryError: There is none.
    """
    found = session.scalars(select(SavedSearch).where(SavedSearch.name == name)).one_or_none()
    if found is None:
        raise unknown("search", name, session.scalars(select(SavedSearch.name)))
    return found


def saved_searches(session: Session, *, watched: bool = False) -> Sequence[SavedSearch]:
    """All of them by name, or those that are watched."""
    rows = select(SavedSearch).order_by(SavedSearch.name)
    return session.scalars(rows.where(SavedSearch.watch) if watched else rows).all()


def watch_search(session: Session, name: str, *, watch: bool, webhook: str | None, secret: str | None) -> SavedSearch:
    """Run a saved search on what is new from now on, or not any more, and tell its hits to a webhook, or to none.

    Raises:
        QueryError: There is none of that name.
    """
    saved = saved_search(session, name)
    saved.watch, saved.webhook, saved.webhook_secret = watch, webhook, secret
    return saved


def forget_search(session: Session, name: str) -> None:
    """Forget a search; what it finds stays.

    Raises:
        QueryError: There is none of that name.
    """
    saved_search(session, name)
    session.execute(delete(SavedSearch).where(SavedSearch.name == name))
