"""What an archive answers about accounts. No password, hash or secret is among it, but for that of a new token."""

from __future__ import annotations

from surveil.accounts.permissions import Role
from surveil.app.base import Frozen, Time


class User(Frozen):
    """An account."""

    name: str
    role: Role
    cameras: tuple[str, ...] | None
    """The only cameras that it may see, of those that its role may see; null: all of these."""
    made_at: Time
    disabled_at: Time | None
    """Since when it may not sign in."""


class UserList(Frozen):
    """The accounts by name, and the cameras of the roles that may not see all."""

    users: tuple[User, ...]
    role_cameras: dict[str, tuple[str, ...]]


class Token(Frozen):
    """An API token."""

    token: int
    """Its number."""
    user: str
    name: str
    """What it is for."""
    scopes: tuple[str, ...]
    """The only actions that it allows."""
    made_at: Time
    expires_at: Time
    revoked_at: Time | None


class NewToken(Token):
    """An API token that was just made."""

    secret: str
    """What the program signs in with; it is not stored, and told this once."""


class TokenList(Frozen):
    """API tokens by number."""

    tokens: tuple[Token, ...]
