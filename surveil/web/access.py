"""Who asks, and whether they may: one dependency that every route names."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, unquote

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from surveil.accounts.permissions import Action
from surveil.app import Archive, SearchRequest
from surveil.errors import PermissionDeniedError, QueryError, SignInError
from surveil.web.security import SAFE_METHODS
from surveil.web.signed_in import Requester
from surveil.web.text import FORMS, check_text, only_text

if TYPE_CHECKING:
    from surveil.web.desk import Desk

OPEN = (
    "/sign-in", "/start", "/healthz", "/readyz", "/static/{name}", "/api/v1/openapi.json",
)  # fmt: skip
"""Routes that anybody may ask: they show nothing of the archive."""
PAGES: tuple[tuple[str, str, Action], ...] = (
    ("/search", "Search", "search"),
    ("/identities", "Identities", "see"),
    ("/footage", "Footage", "see"),
    ("/counts", "Counts", "see"),
    ("/watchlists", "Watchlists", "save"),
    ("/cases", "Cases", "case"),
    ("/audit", "Audit", "audit"),
    ("/accounts", "Accounts", "accounts"),
)
"""What the bar leads to, and what one must be allowed to do to be led there."""
MAX_REASON = 500
REASON_COOKIE = "surveil-reason"
REASON_HEADER = "x-reason"
CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf-token"


class View:
    """A request: who asks, and the archive as they may see it.

    Attributes:
        desk: What all requests share.
        actor: Who asks.
        request: What they ask.
    """

    def __init__(self, desk: Desk, signed_in: Requester, request: Request) -> None:
        self.desk, self.actor, self.request = desk, signed_in.actor, request
        self.csrf = csrf_token(signed_in.key)
        self.signed_in = signed_in.how == "cookie"

    @property
    def archive(self) -> Archive:
        """The archive; while this request lasts it shows only the cameras that they may see."""
        return self.desk.archive

    @property
    def pages(self) -> list[tuple[str, str]]:
        """The pages that they may open: address and title."""
        return [(address, title) for address, title, action in PAGES if self.actor.may(action)]

    def is_still_signed_in(self) -> bool:
        """Whether they still may what they might when they asked, for what takes long to answer."""
        again: Requester | None = self.request.state.who()
        return again is not None and again.actor == self.actor

    @property
    def is_partial(self) -> bool:
        """Whether a part of a page is asked for, by a page of ours."""
        return "hx-request" in self.request.headers

    @property
    def asks_reason(self) -> bool:
        """Whether a reason must be given for what concerns people."""
        return self.archive.settings.ask_reason

    @property
    def reason(self) -> str | None:
        """Why they ask: in a header, or as they said on a page before."""
        given = self.request.headers.get(REASON_HEADER) or self.request.cookies.get(REASON_COOKIE)
        return unquote(given)[:MAX_REASON] if given else None

    def check_reason(self) -> None:
        """Raise a QueryError where a reason is asked for and none was given."""
        if self.asks_reason and not (self.reason or "").strip():
            raise QueryError("a reason is asked for", "reason", "Say why: it is put on record.")

    @contextmanager
    def acting(self, action: Action, what: Mapping[str, Any] | SearchRequest) -> Iterator[None]:
        """What is done inside is on record; see `Archive.acting`."""
        with self.archive.acting(self.actor, action, what, reason=self.reason):
            yield

    def page(self, template: str, *, status: int = 200, **shown: Any) -> HTMLResponse:
        """A page made from a template."""
        content = self.desk.templates.get_template(template).render(
            view=self, actor=self.actor, path=self.request.url.path, **shown
        )
        return HTMLResponse(content, status)


class Needs:
    """A dependency: the view of whoever asks, if they may do this.

    Args:
        action: What they want to do; see `surveil.accounts.permissions`.
    """

    def __init__(self, action: Action) -> None:
        self.action = action

    async def __call__(self, request: Request) -> View:
        signed_in: Requester | None = request.state.signed_in
        if signed_in is None:
            raise SignInError("nobody is signed in", next_step="Sign in, or give an API token.")
        signed_in.actor.check(self.action)
        if request.method not in SAFE_METHODS and signed_in.how != "token":
            await _check_csrf(request, signed_in.key)
        await only_text(request)
        view = View(request.app.state.desk, signed_in, request)
        check_text(view.reason or "")
        return view


See = Annotated[View, Depends(Needs("see"))]
Search = Annotated[View, Depends(Needs("search"))]
Decide = Annotated[View, Depends(Needs("decide"))]
Save = Annotated[View, Depends(Needs("save"))]
KeepCases = Annotated[View, Depends(Needs("case"))]
Export = Annotated[View, Depends(Needs("export"))]
Ingest = Annotated[View, Depends(Needs("ingest"))]
SetCamera = Annotated[View, Depends(Needs("camera"))]
Delete = Annotated[View, Depends(Needs("delete"))]
ReadAudit = Annotated[View, Depends(Needs("audit"))]
KeepAccounts = Annotated[View, Depends(Needs("accounts"))]


def csrf_token(key: str) -> str:
    """What a page's forms carry, so that no page of another site can send them: nobody else knows the session."""
    return hmac.new(key.encode(), b"surveil csrf", hashlib.sha256).hexdigest()


def reason_cookie(reason: str) -> str:
    """A reason as a cookie can hold it."""
    return quote(reason.strip()[:MAX_REASON])


async def _check_csrf(request: Request, key: str) -> None:
    given = request.headers.get(CSRF_HEADER)
    if given is None and request.headers.get("content-type", "").startswith(FORMS):
        given = str((await request.form()).get(CSRF_FIELD, ""))
    if not hmac.compare_digest((given or "").encode(), csrf_token(key).encode()):
        raise PermissionDeniedError("this form is not of this session", "csrf", "Load the page again.")
