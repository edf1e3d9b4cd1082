"""Signing in and out, and making the first account with the link that is printed when the server first starts."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from surveil.errors import AccessError, SurveilError, TooManyTriesError
from surveil.web.access import REASON_COOKIE, See, reason_cookie
from surveil.web.desk import Desk
from surveil.web.signed_in import cookie_name
from surveil.web.text import only_text

router = APIRouter(dependencies=[Depends(only_text)])
Text = Annotated[str, Form(max_length=500)]


@router.get("/sign-in")
def sign_in_page(request: Request, next: str = "/search") -> Response:
    """The form."""
    return _form(request, "sign_in.html", next_page=inside(next))


@router.post("/sign-in")
def sign_in(
    request: Request, name: Text, password: Text, next: Annotated[str, Form()] = "/search"
) -> Response:  # fmt: skip
    """Sign in; whoever was signed in here before is signed out, and the session is new."""
    desk: Desk = request.app.state.desk
    address = request.client.host if request.client else ""
    try:
        signed_in = desk.archive.accounts.sign_in(name, password, address)
    except AccessError as error:
        status = 429 if isinstance(error, TooManyTriesError) else 401
        return _form(request, "sign_in.html", status, error=error, next_page=inside(next))
    if before := request.cookies.get(_cookie(request)):
        desk.archive.accounts.sign_out(before)
    return _into(request, inside(next), signed_in.secret)


@router.post("/sign-out")
def sign_out(view: See) -> Response:
    """End the session."""
    if secret := view.request.cookies.get(_cookie(view.request)):
        view.archive.accounts.sign_out(secret)
    answer = RedirectResponse("/sign-in", 303)
    for cookie in (_cookie(view.request), REASON_COOKIE):
        answer.delete_cookie(cookie, secure=view.request.app.state.tls, httponly=True, samesite="strict")
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@router.get("/start")
def start_page(request: Request, link: str = "") -> Response:
    """The form for the first account."""
    desk: Desk = request.app.state.desk
    if not desk.archive.accounts.is_start_link(link):
        return RedirectResponse("/sign-in", 303)
    return _form(request, "start.html", link=link)


@router.post("/start")
def start(request: Request, link: Text, name: Text, password: Text) -> Response:
    """Make the first account, an administrator's."""
    desk: Desk = request.app.state.desk
    try:
        signed_in = desk.archive.accounts.use_start_link(link, name, password)
    except SurveilError as error:
        status = 401 if isinstance(error, AccessError) else 400
        return _form(request, "start.html", status, error=error, link=link)
    return _into(request, "/search", signed_in.secret)


@router.post("/reason")
def set_reason(view: See, reason: Text, next: Annotated[str, Form()] = "/search") -> Response:
    """Say why the next searches and looks are made; each is put on record with it."""
    answer = RedirectResponse(inside(next), 303)
    tls = view.request.app.state.tls
    answer.set_cookie(REASON_COOKIE, reason_cookie(reason), httponly=True, secure=tls, samesite="strict")
    return answer


def inside(address: str) -> str:
    """An address of this server to go on to: never one of another."""
    parts = urlsplit(address)
    is_path = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if is_path and not parts.netloc and not parts.scheme else "/search"


def _cookie(request: Request) -> str:
    return cookie_name(request.app.state.tls)


def _form(
    request: Request, template: str, status: int = 200, error: SurveilError | None = None, **shown: str
) -> Response:
    desk: Desk = request.app.state.desk
    page = desk.templates.get_template(template).render(actor=None, path=request.url.path, error=error, **shown)
    return HTMLResponse(page, status)


def _into(request: Request, address: str, secret: str) -> Response:
    """Go on, signed in: the cookie is out of reach for scripts and for other sites."""
    answer = RedirectResponse(address, 303)
    answer.set_cookie(_cookie(request), secret, httponly=True, secure=request.app.state.tls, samesite="strict")
    return answer
