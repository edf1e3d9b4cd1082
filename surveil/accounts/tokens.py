"""API tokens: with one a program acts for a user, within some of the user's rights, until it expires or is revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveil.accounts.permissions import Actor, checked_scopes
from surveil.accounts.secrets import new_secret, secret_hash
from surveil.accounts.users import MAX_NAME, actor_of, find_user
from surveil.errors import SurveilError
from surveil.store.account_tables import ApiToken, UserRow
from surveil.store.clock import database_now

KIND = "surveil_"
MAX_DAYS = 366.0


def make_token(session: Session, user: str, name: str, scopes: tuple[str, ...], days: float) -> tuple[ApiToken, str]:
    """Make a token; its secret is told here and never again.

    Args:
        session: A session.
        user: The account that it acts for.
        name: What it is for.
        scopes: The actions that it allows, as far as the account may do them.
        days: For how long it holds.

    Raises:
        SurveilError: The account or a scope is unknown, or name or days are none.
    """
    account = find_user(session, user)
    if account.disabled_at is not None:
        raise SurveilError("the account is disabled", f"user {account.name}")
    if not 0 < len(name.strip()) <= MAX_NAME:
        raise SurveilError(f"a name has 1 to {MAX_NAME} characters", "name")
    if not 0 < days <= MAX_DAYS:
        raise SurveilError(f"a token holds for up to {MAX_DAYS:g} days, not {days:g}", "days")
    secret, now = new_secret(KIND), database_now(session)
    row = ApiToken(
        account_id=account.id,
        name=name.strip(),
        secret_hash=secret_hash(secret),
        made_at=now,
        scopes=list(checked_scopes(scopes)),
        expires_at=now + timedelta(days=days),
        account=account,
    )
    session.add(row)
    session.flush()
    return row, secret


def list_tokens(session: Session, user: str | None = None) -> Sequence[ApiToken]:
    """The tokens of an account, or all, by number; those that do not hold any more too.

    Raises:
        SurveilError: There is no such account.
    """
    rows = select(ApiToken).join(UserRow).order_by(ApiToken.id)
    return session.scalars(rows if user is None else rows.where(UserRow.id == find_user(session, user).id)).all()


def revoke_token(session: Session, number: int) -> ApiToken:
    """Revoke a token; one that was revoked keeps its time.

    Raises:
        SurveilError: There is none of that number.
    """
    row = session.get(ApiToken, number)
    if row is None:
        raise SurveilError(f"no token has the number {number}", "token", "See: surveil token list")
    row.revoked_at = row.revoked_at or database_now(session)
    return row


def actor_of_token(session: Session, secret: str) -> Actor | None:
    """Whom a token acts for; None when it has expired, was revoked or is none."""
    row = session.scalars(select(ApiToken).where(ApiToken.secret_hash == secret_hash(secret))).one_or_none()
    if row is None or row.revoked_at is not None or row.expires_at <= database_now(session):
        return None
    return (
        None
        if row.account.disabled_at is not None
        else actor_of(session, row.account, checked_scopes(tuple(row.scopes)))
    )
