"""The limit of tries to sign in, per name and per address, in the database: every process counts the same tries."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from surveil.accounts.secrets import secret_hash
from surveil.errors import TooManyTriesError
from surveil.store.account_tables import SignInTry
from surveil.store.clock import database_now
from surveil.store.session import Database

WINDOW_SECONDS = 900.0
MAX_PER_NAME, MAX_PER_ADDRESS = 10, 30
"""Tries without success within the window; an address may be that of many people."""


def begin(database: Database, *, name: str, address: str) -> list[int]:
    """Count a try; gives its numbers, for `succeeded`.

    It is stored before the others are counted, so that of many tries at the same moment no more get through.

    Raises:
        TooManyTriesError: There were too many; this one is not counted, and `seconds` says when to try again.
    """
    subjects = {secret_hash(f"name {name}"): MAX_PER_NAME, secret_hash(f"address {address}"): MAX_PER_ADDRESS}
    with database.session() as session:
        now = database_now(session)
        session.execute(delete(SignInTry).where(SignInTry.tried_at < now - timedelta(seconds=WINDOW_SECONDS)))
        rows = [{"subject_hash": subject, "tried_at": now} for subject in subjects]
        numbers = list(session.scalars(insert(SignInTry).returning(SignInTry.id), rows))
    with database.session() as session:
        wait = max(_wait(session, subject, limit) for subject, limit in subjects.items())
        if wait > 0:
            session.execute(delete(SignInTry).where(SignInTry.id.in_(numbers)))
    if wait > 0:
        raise TooManyTriesError(wait)
    return numbers


def succeeded(session: Session, numbers: list[int]) -> None:
    """A try that succeeded does not count."""
    session.execute(delete(SignInTry).where(SignInTry.id.in_(numbers)))


def _wait(session: Session, subject: str, limit: int) -> float:
    """Seconds until this subject may try again; 0 while there are no more tries than allowed."""
    since = database_now(session) - timedelta(seconds=WINDOW_SECONDS)
    times = select(SignInTry.tried_at).where(SignInTry.subject_hash == subject, SignInTry.tried_at >= since)
    newest = session.scalars(times.order_by(SignInTry.tried_at.desc()).limit(limit + 1)).all()
    return max(1.0, (newest[-1] - since).total_seconds()) if len(newest) > limit else 0.0
