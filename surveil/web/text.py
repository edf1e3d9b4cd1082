"""Text that is none: what no database holds is refused, whatever route it comes to and whatever part it is in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import Request

from surveil.web.problems import NoTextError

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def only_text(request: Request) -> None:
    """A dependency: refuse requests in whose path, query or body there is text that is none.

    Raises:
        NoTextError: There is.
    """
    check_text([request.path_params, request.query_params.multi_items()])
    if getattr(request.scope.get("route"), "body_field", None) is None:
        return  # whatever is sent, nobody reads it
    kind = request.headers.get("content-type", "")
    if kind.startswith(FORMS):
        check_text((await request.form()).multi_items())
    elif await request.body():
        check_text(await request.json())


def check_text(value: Any) -> None:
    """Refuse a text, or JSON in which there is one, that holds a NUL or half of a pair of surrogates.

    Raises:
        NoTextError: It does.
    """
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            _check(part)
        elif isinstance(part, dict):
            waiting += [*part, *part.values()]
        elif isinstance(part, Iterable) and not isinstance(part, bytes):
            waiting += part


def _check(text: str) -> None:
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise NoTextError("what was sent holds characters that are no text", next_step="Leave them out.")
