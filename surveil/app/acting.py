"""Acting on an archive: somebody may do it, sees only what they may see, and it is on record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from surveil.accounts.permissions import Action, Actor
from surveil.app.requests import STORED, SearchRequest
from surveil.audit.chain import append
from surveil.errors import QueryError
from surveil.store.granted import only_cameras
from surveil.store.session import Database

REASONED: frozenset[Action] = frozenset({"search", "see", "decide", "export", "delete"})
"""What needs a reason where the setting `ask_reason` says so: what concerns the people who were filmed."""
UNRESTRICTED: frozenset[Action] = frozenset({"ingest", "audit", "accounts"})
"""What is no matter of single cameras."""


@contextmanager
def acting(
    database: Database, actor: Actor, action: Action, what: Mapping[str, Any], reason: str | None, ask_reason: bool
) -> Iterator[int]:
    """See `Archive.acting`."""
    actor.check(action)
    reason = (reason or "").strip() or None
    if ask_reason and reason is None and action in REASONED:
        raise QueryError("a reason is asked for", "reason", "Say why: it is put on record.")
    with database.session() as session:
        number = append(session, actor.name, action, what, reason)
    try:
        with only_cameras(None if action in UNRESTRICTED else actor.cameras):
            yield number
    except Exception as error:
        with database.session() as session:
            append(session, actor.name, action, {"failed": number, "error": type(error).__name__})
        raise


def request_on_record(request: SearchRequest) -> dict[str, Any]:
    """A search as the audit keeps it: without paths of pictures and names of people, which may have to be deleted."""
    plain: dict[str, Any] = request.model_dump(mode="json", exclude_defaults=True)
    for name in ("like", "unlike"):
        if name in plain:
            plain[name] = [given if STORED.fullmatch(given) else "a picture" for given in plain[name]]
    if "identities" in plain:
        plain["identities"] = [given if given.isdecimal() else "a name" for given in plain["identities"]]
    return plain
