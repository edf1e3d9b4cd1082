"""Errors as answers: a page for people, problem+json (RFC 9457) for programs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException

from surveil.errors import (
    ConflictError,
    FootageError,
    NoRoomError,
    PermissionDeniedError,
    PictureError,
    QueryError,
    SignInError,
    StoreError,
    StoreUnavailableError,
    SurveilError,
    TooManyTriesError,
)
from surveil.web.security import SECURITY_HEADERS

TITLES = {
    400: "This cannot be answered",
    401: "Please sign in",
    403: "You may not do this",
    404: "Not found",
    405: "Not allowed here",
    409: "Somebody else was quicker",
    413: "Too large",
    422: "This cannot be read",
    429: "Too many",
    500: "Something went wrong",
    503: "Not available just now",
    507: "No room",
}
log = logging.getLogger(__name__)


class MissingError(SurveilError):
    """What an address names is not there."""


class NoTextError(SurveilError):
    """What was sent as text is none."""


class QuotaError(SurveilError):
    """Somebody has had as much as is given to anybody; `seconds` says after how many there is more."""

    def __init__(self, what: str, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(what, next_step=f"There is more in {seconds / 3600:.1f} h.")


@contextmanager
def named_by_address() -> Iterator[None]:
    """What cannot be found inside is missing, and no mistake in a question.

    Raises:
        MissingError: It is not there.
    """
    try:
        yield
    except QueryError as error:
        raise MissingError(error.what, error.where, error.next_step) from error


STATUS: tuple[tuple[type[SurveilError], int], ...] = (
    (TooManyTriesError, 429),
    (QuotaError, 429),
    (SignInError, 401),
    (PermissionDeniedError, 403),
    (MissingError, 404),
    (ConflictError, 409),
    (PictureError, 422),
    (NoTextError, 422),
    (StoreUnavailableError, 503),
    (NoRoomError, 507),
    (StoreError, 409),
    (FootageError, 404),
    (QueryError, 400),
    (SurveilError, 400),
)


def status_of(error: SurveilError) -> int:
    """The HTTP status of an error."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


async def on_surveil_error(request: Request, error: Exception) -> Response:
    """What a user can cause or cure, said as the library says it."""
    assert isinstance(error, SurveilError)
    status = status_of(error)
    headers = {}
    if status == 401 and request.url.path.startswith("/api/"):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, (TooManyTriesError, QuotaError)):
        headers["Retry-After"] = f"{error.seconds:.0f}"
    return answer(request, status, error.what, where=error.where, next_step=error.next_step, headers=headers)


async def on_http_error(request: Request, error: Exception) -> Response:
    """What the framework refuses: no such page, no such method."""
    assert isinstance(error, HTTPException)
    return answer(request, error.status_code, str(error.detail), headers=error.headers)


async def on_invalid(request: Request, error: Exception) -> Response:
    """Values of a request that are none."""
    assert isinstance(error, RequestValidationError)
    [first, *_] = error.errors()
    where = ".".join(str(part) for part in first["loc"])
    return answer(request, 422, str(first["msg"]), where=where)


async def on_fault(request: Request, error: Exception) -> Response:
    """What nobody foresaw: told in the log, not to the browser."""
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    refused = answer(request, 500, "The server's log says what it was.")
    refused.headers.update(SECURITY_HEADERS | {"Cache-Control": "no-store"})  # it does not pass the guard any more
    return refused


def answer(
    request: Request,
    status: int,
    what: str,
    *,
    where: object = None,
    next_step: str | None = None,
    headers: object = None,
) -> Response:
    """An error as whoever asked reads it."""
    title = TITLES.get(status, "Something went wrong")
    sent: dict[str, str] = dict(headers) if headers else {}  # type: ignore[call-overload]
    if request.url.path.startswith("/api/"):
        detail = f"{what}. {next_step}" if next_step else what
        problem = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        if where is not None:
            problem["where"] = str(where)
        return JSONResponse(problem, status, sent, "application/problem+json")
    if status == 401:
        return _sign_in(request)
    template = request.app.state.desk.templates.get_template("error.html")
    page = template.render(
        title=title, what=what, where=None if where is None else str(where), next_step=next_step,
        path=request.url.path, actor=None, partial="hx-request" in request.headers,
    )  # fmt: skip
    return HTMLResponse(page, status, sent)


def _sign_in(request: Request) -> Response:
    """The form to sign in, which leads on to what was asked for."""
    address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    asked = address if request.method == "GET" else "/search"
    page = request.app.state.desk.templates.get_template("sign_in.html").render(
        actor=None, path=request.url.path, error=None, next_page=asked
    )
    return HTMLResponse(page, 401)
