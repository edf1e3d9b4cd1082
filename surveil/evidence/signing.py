"""Signatures (Ed25519): the key that signs packages, made when it is first needed, and checking what it signed."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from surveil.errors import SurveilError

KEY_FILE = "evidence_key.pem"


def signing_key(folder: Path) -> Ed25519PrivateKey:
    """The key in a folder that only its owner may read; it is made if there is none.

    Raises:
        SurveilError: It cannot be read or made, is no key, or others may read it.
    """
    path = folder / KEY_FILE
    try:
        if not path.exists():
            _make(path)
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077 and os.name == "posix":
                raise SurveilError("others may read the key that signs evidence", path, f"Run: chmod 600 {path}")
            key = serialization.load_pem_private_key(file.read(), password=None)
    except OSError as error:
        raise SurveilError(error.strerror or str(error), path, "The key that signs evidence lies there.") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SurveilError(
            "not the key that signs evidence", path, "Restore it, or remove it for a new one."
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SurveilError("not an Ed25519 key", path, "Restore it, or remove it for a new one.")
    return key


def public_pem(key: Ed25519PublicKey) -> bytes:
    """A public key as PEM."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def read_public_pem(content: bytes) -> Ed25519PublicKey | None:
    """The public key of a PEM file; None if it is none."""
    try:
        key = serialization.load_pem_public_key(content)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, Ed25519PublicKey) else None


def fingerprint(key: Ed25519PublicKey) -> str:
    """What people compare to know a key again: the SHA-256 (hex) of its 32 bytes."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def is_signed(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    """Whether the key signed this content."""
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _make(path: Path) -> None:
    """Whole or not at all, and never in place of one that another process made at the same moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(partial, path)
    finally:
        partial.unlink(missing_ok=True)
