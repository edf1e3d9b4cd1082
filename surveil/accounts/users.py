"""The accounts: adding them, their roles and passwords, and the cameras that they may see."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from surveil.accounts.permissions import Action, Actor, checked_role
from surveil.accounts.secrets import hash_password
from surveil.errors import SurveilError
from surveil.store.account_tables import ApiToken, RoleGrant, SignIn, UserRow
from surveil.store.clock import database_now
from surveil.store.tables import Camera

MAX_NAME = 200


def folded(name: str) -> str:
    """A name as it is compared: "Maria" and "MARIA" are one account."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def add_user(session: Session, name: str, password: str, role: str, cameras: Collection[str] | None = None) -> UserRow:
    """Add an account.

    Raises:
        SurveilError: The name is none or taken, the password too short, or a role or camera unknown.
    """
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME or not name.isprintable() or ":" in name:
        raise SurveilError(f"a name has 1 to {MAX_NAME} printable characters and no colon", "user")
    user = UserRow(
        name=name,
        folded=folded(name),
        password_hash=hash_password(password),
        role=checked_role(role),
        cameras=_checked_cameras(session, cameras),
        made_at=database_now(session),
    )
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError:
        raise SurveilError(f"there is an account {name!r} already", "user", "Give another name.") from None
    return user


def find_user(session: Session, name: str) -> UserRow:
    """The account of a name.

    Raises:
        SurveilError: There is none.
    """
    user = session.scalars(select(UserRow).where(UserRow.folded == folded(name))).one_or_none()
    if user is None:
        raise SurveilError(f"no account is called {name!r}", "user", "See: surveil user list")
    return user


def list_users(session: Session) -> Sequence[UserRow]:
    """All accounts by name, those that are disabled too."""
    return session.scalars(select(UserRow).order_by(UserRow.folded)).all()


def set_role(session: Session, name: str, role: str) -> UserRow:
    """Give an account another role, from its next request on.

    Raises:
        SurveilError: Account or role are unknown, or nobody would be left to keep the accounts.
    """
    user = _held(session, name)
    user.role = checked_role(role)
    _keep_an_admin(session)
    return user


def set_password(session: Session, name: str, password: str) -> UserRow:
    """Set a password; whoever is signed in to the account is signed out. API tokens stay.

    Raises:
        SurveilError: There is no such account, or the password is too short.
    """
    user = _held(session, name)
    user.password_hash = hash_password(password)
    session.execute(delete(SignIn).where(SignIn.account_id == user.id))
    return user


def set_disabled(session: Session, name: str, disabled: bool) -> UserRow:
    """Disable an account, which signs it out and revokes its API tokens for good, or let it sign in again.

    Raises:
        SurveilError: There is no such account, or nobody would be left to keep the accounts.
    """
    user = _held(session, name)
    now = database_now(session)
    user.disabled_at = now if disabled else None
    if disabled:
        session.execute(delete(SignIn).where(SignIn.account_id == user.id))
        open_tokens = update(ApiToken).where(ApiToken.account_id == user.id, ApiToken.revoked_at.is_(None))
        session.execute(open_tokens.values(revoked_at=now))
        _keep_an_admin(session)
    return user


def set_cameras(session: Session, name: str, cameras: Collection[str] | None) -> UserRow:
    """The only cameras that an account may see; None: all that its role may.

    Raises:
        SurveilError: The account or a camera is unknown.
    """
    user = _held(session, name)
    user.cameras = _checked_cameras(session, cameras)
    return user


def set_role_cameras(session: Session, role: str, cameras: Collection[str] | None) -> None:
    """The only cameras that a role may see; None: all.

    Raises:
        SurveilError: The role or a camera is unknown.
    """
    known = checked_role(role)
    granted = _checked_cameras(session, cameras)
    session.execute(delete(RoleGrant).where(RoleGrant.role == known))
    if granted is not None:
        session.add(RoleGrant(role=known, cameras=granted))


def role_cameras(session: Session) -> dict[str, tuple[str, ...]]:
    """The cameras of the roles that may not see all."""
    return {grant.role: tuple(grant.cameras) for grant in session.scalars(select(RoleGrant).order_by(RoleGrant.role))}


def actor_of(session: Session, user: UserRow, scopes: Collection[Action] | None = None) -> Actor:
    """An account as somebody who acts: they see the cameras that both the account and its role may see."""
    of_role = role_cameras(session).get(user.role)
    limits = [frozenset(limit) for limit in (user.cameras, of_role) if limit is not None]
    cameras = frozenset.intersection(*limits) if limits else None
    return Actor(user.name, checked_role(user.role), cameras, None if scopes is None else frozenset(scopes), user.id)


def _held(session: Session, name: str) -> UserRow:
    """The account of a name, while nobody else changes accounts: the last administrator must stay one."""
    session.execute(update(UserRow).values(role=UserRow.role), execution_options={"synchronize_session": False})
    return find_user(session, name)


def _keep_an_admin(session: Session) -> None:
    session.flush()
    admins = select(func.count()).where(UserRow.role == "admin", UserRow.disabled_at.is_(None))
    if session.scalars(admins).one() == 0:
        raise SurveilError("nobody would be left to keep the accounts", "user", "Make somebody else an admin first.")


def _checked_cameras(session: Session, cameras: Collection[str] | None) -> list[str] | None:
    if cameras is None:
        return None
    known = set(session.scalars(select(Camera.name)))
    unknown = sorted(set(cameras) - known)
    if unknown:
        raise SurveilError(
            f"no camera is called {unknown[0]!r}", "cameras", f"There is: {', '.join(sorted(known)) or 'none yet'}."
        )
    return sorted(set(cameras))
