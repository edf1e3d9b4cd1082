"""Signing in: with a name and a password, once with the link of the first start, and out again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from surveil.accounts import tries
from surveil.accounts.permissions import Actor
from surveil.accounts.secrets import is_password, new_secret, secret_hash
from surveil.accounts.users import actor_of, add_user, folded
from surveil.errors import SignInError
from surveil.store.account_tables import SignIn, StartLink, UserRow
from surveil.store.clock import database_now
from surveil.store.session import Database

START_LINK_HOURS = 1


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who is signed in.

    Attributes:
        secret: What the browser keeps; it is not stored here.
        actor: Who they are.
        expires_at: Until when it holds, by the database's clock.
    """

    secret: str
    actor: Actor
    expires_at: datetime


def sign_in(database: Database, name: str, password: str, address: str, hours: float) -> SignedIn:
    """Sign in with name and password. Each try is counted before the password is looked at.

    Args:
        database: Where the accounts are.
        name: The account, in any case.
        password: Its password.
        address: Where the request comes from, for the limit of tries.
        hours: For how long it holds.

    Raises:
        TooManyTriesError: Too many tries for this name or from this address.
        SignInError: There is no such account, or it has another password; or it is disabled. It does not say which.
    """
    begun = tries.begin(database, name=folded(name), address=address)
    with database.session() as session:
        user = session.scalars(select(UserRow).where(UserRow.folded == folded(name))).one_or_none()
    right = is_password(password, user.password_hash if user else None)
    if user is None or not right or user.disabled_at is not None:
        raise SignInError("name or password are wrong", "sign-in")
    with database.session() as session:
        tries.succeeded(session, begun)
        return _signed_in(session, user, hours)


def actor_of_sign_in(session: Session, secret: str) -> Actor | None:
    """Who holds the secret of a session; None when it has expired, was signed out or is none."""
    row = session.scalars(select(SignIn).where(SignIn.secret_hash == secret_hash(secret))).one_or_none()
    if row is None or row.expires_at <= database_now(session) or row.account.disabled_at is not None:
        return None
    return actor_of(session, row.account)


def sign_out(session: Session, secret: str) -> None:
    """End a session; nothing happens when it has ended."""
    session.execute(delete(SignIn).where(SignIn.secret_hash == secret_hash(secret)))


def trusted(session: Session, name: str) -> Actor:
    """The account that a proxy vouches for: of that very name, in any case.

    Names that only look alike are others: people may choose theirs where the proxy asks who they are.

    Raises:
        SignInError: There is none of that name, or it is disabled.
    """
    user = session.scalars(select(UserRow).where(UserRow.folded == folded(name))).one_or_none()
    if user is None or user.disabled_at is not None or user.name.casefold() != name.strip(" \t").casefold():
        raise SignInError("has no account here", "sign-in", "Ask an administrator for one.")
    return actor_of(session, user)


def new_start_link(session: Session) -> str | None:
    """The secret with which the first account may be made, in place of the one before; None: there is one."""
    if session.scalar(select(exists().where(UserRow.id.is_not(None)))):
        return None
    secret = new_secret()
    session.execute(delete(StartLink))
    expires_at = database_now(session) + timedelta(hours=START_LINK_HOURS)
    session.add(StartLink(secret_hash=secret_hash(secret), expires_at=expires_at))
    return secret


def is_start_link(session: Session, secret: str) -> bool:
    """Whether a first account may be made with this secret now; it stays usable."""
    row = session.scalars(select(StartLink).where(StartLink.secret_hash == secret_hash(secret))).one_or_none()
    return row is not None and row.expires_at > database_now(session)


def use_start_link(session: Session, secret: str, name: str, password: str, hours: float) -> SignedIn:
    """Make the first account, an administrator's, and sign in to it; the link is used up.

    Raises:
        SignInError: The link is none, used, too old, or there is an account by now.
        SurveilError: The name is none, or the password too short; then the link can be used again.
    """
    # Taken by deleting it: of two who follow it at once, one waits here, and finds it gone.
    taken = delete(StartLink).where(
        StartLink.secret_hash == secret_hash(secret), StartLink.expires_at > database_now(session)
    )
    gone = session.execute(taken.returning(StartLink.id)).first() is None
    if gone or session.scalar(select(exists().where(UserRow.id.is_not(None)))):
        raise SignInError("this link has been used or is too old", "sign-in", "Start the server again for another.")
    return _signed_in(session, add_user(session, name, password, "admin"), hours)


def _signed_in(session: Session, user: UserRow, hours: float) -> SignedIn:
    secret = new_secret()
    now = database_now(session)
    session.execute(delete(SignIn).where(SignIn.expires_at <= now))
    held = update(UserRow).where(
        UserRow.id == user.id, UserRow.password_hash == user.password_hash, UserRow.disabled_at.is_(None)
    )
    # Held to the end: whoever changes the password or disables the account meanwhile ends this session too.
    kept = session.execute(held.values(role=UserRow.role).returning(UserRow.id)).first()
    if kept is None:
        raise SignInError("name or password are wrong", "sign-in")
    row = SignIn(
        account_id=user.id, secret_hash=secret_hash(secret), made_at=now, expires_at=now + timedelta(hours=hours)
    )
    session.add(row)
    return SignedIn(secret, actor_of(session, user), row.expires_at)
