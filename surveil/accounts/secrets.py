"""Passwords, and the random secrets of sessions and tokens: made here, and stored as hashes only."""

from __future__ import annotations

import hashlib
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from surveil.errors import SurveilError

MIN_PASSWORD, MAX_PASSWORD = 12, 1000
"""Characters. Long rather than strange: NIST SP 800-63B."""

_HASHER = PasswordHasher()  # Argon2id with the parameters of RFC 9106 for little memory


def hash_password(password: str) -> str:
    """A password as it is stored (Argon2id with a salt of its own).

    Raises:
        SurveilError: It is too short or too long.
    """
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise SurveilError(f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters", "password")
    return _HASHER.hash(password)


def is_password(password: str, password_hash: str | None) -> bool:
    """Whether it is the password; takes the same time where there is no account (None)."""
    try:
        return _HASHER.verify(password_hash or _nobodys(), password[:MAX_PASSWORD]) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def new_secret(kind: str = "") -> str:
    """A random secret of 256 bits; `kind` goes before it, so that leaked ones are recognised."""
    return f"{kind}{secrets.token_urlsafe(32)}"


def secret_hash(secret: str) -> str:
    """What is stored of a secret: its SHA-256 (hex). It is random, so nothing slower is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_urlsafe(32))
