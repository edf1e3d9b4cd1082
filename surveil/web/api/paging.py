"""Pages by cursor, and answers with a tag that tells whether they changed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from surveil.errors import QueryError
from surveil.web.public import public

T = TypeVar("T")
MAX_OFFSET = 1_000_000_000
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
After = Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before.")]


def cursor(offset: int | None, of: str = "") -> str | None:
    """A cursor that goes on at an offset of the same question; None where nothing follows."""
    if offset is None:
        return None
    return base64.urlsafe_b64encode(f"{offset}.{of}".encode()).decode().rstrip("=")


def offset_of(given: str | None, of: str = "") -> int:
    """Where a cursor goes on.

    Raises:
        QueryError: It is none, or one of another question.
    """
    if given is None:
        return 0
    try:
        text = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)).decode()
    except (binascii.Error, ValueError):
        text = ""
    offset, _, question = text.partition(".")
    if not (offset.isascii() and offset.isdigit()) or int(offset[:12]) > MAX_OFFSET or question != of:
        raise QueryError("no cursor of this question", "cursor", "Begin without one.")
    return int(offset)


def page_of(everything: Sequence[T], limit: int, given: str | None) -> tuple[tuple[T, ...], str | None]:
    """One page, and the cursor of the next."""
    start = offset_of(given)
    following = start + limit if start + limit < len(everything) else None
    return tuple(everything[start : start + limit]), cursor(following)


def fingerprint(value: BaseModel) -> str:
    """What tells one question from another."""
    return hashlib.sha256(value.model_dump_json().encode()).hexdigest()[:16]


def answer(request: Request, result: BaseModel, status: int = 200, **more: Any) -> Response:
    """A result as JSON, with an `ETag`; 304 for whoever has it already.

    Args:
        request: What was asked.
        result: The result.
        status: Of the answer.
        more: Fields to add.
    """
    text = json.dumps({**public(result), **more}, ensure_ascii=False, separators=(",", ":"))
    content = text.encode("utf-8", "replace")
    headers = {"Cache-Control": "private, no-cache"}
    if request.method in ("GET", "HEAD"):
        headers["ETag"] = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        if headers["ETag"] in [tag.strip().removeprefix("W/") for tag in _tags(request)]:
            return Response(status_code=304, headers=headers)
    return Response(content, status, headers, "application/json")


def _tags(request: Request) -> list[str]:
    return request.headers.get("if-none-match", "").split(",")
