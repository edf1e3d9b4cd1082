"""The tables of accounts: who may sign in, who is signed in, and what programs may do. No secret is stored as it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveil.store.tables import NEVER_REUSED, Base, Key


class UserRow(Base):
    """Somebody with an account. `name` is as typed, `folded` as compared; `cameras` null: all that the role may."""

    __tablename__ = "account"
    __table_args__ = NEVER_REUSED
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    folded: Mapped[str] = mapped_column(String(600), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    cameras: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    made_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class RoleGrant(Base):
    """The cameras (names) that a role may see; a role without a row may see all."""

    __tablename__ = "role_grant"
    role: Mapped[str] = mapped_column(String(20), primary_key=True)
    cameras: Mapped[list[Any]]


class SignIn(Base):
    """Somebody who is signed in; the row goes at sign-out. `secret_hash` is the SHA-256 of what the browser holds."""

    __tablename__ = "sign_in"
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    account: Mapped[UserRow] = relationship()


class SignInTry(Base):
    """A try to sign in that did not succeed, or not yet; `subject_hash` is the SHA-256 of the name or the address."""

    __tablename__ = "sign_in_try"
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    subject_hash: Mapped[str] = mapped_column(String(64), index=True)
    tried_at: Mapped[datetime] = mapped_column(index=True)


class ApiToken(Base):
    """What a program signs in with, on behalf of a user, for some actions only (`scopes`)."""

    __tablename__ = "api_token"
    __table_args__ = NEVER_REUSED
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[Any]]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    account: Mapped[UserRow] = relationship()


class StartLink(Base):
    """The link with which the first account is made; there is at most one."""

    __tablename__ = "start_link"
    id: Mapped[int] = mapped_column(Key, primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]
