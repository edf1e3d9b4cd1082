"""Signing requests in: by the cookie of a session, by an API token, or by a proxy that vouches for them."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Literal

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from surveil.accounts.permissions import Actor
from surveil.app import Archive
from surveil.errors import SignInError, SurveilError
from surveil.web.problems import on_surveil_error

COOKIE, HTTPS_COOKIE = "surveil", "__Host-surveil"
"""By HTTPS the browser takes the cookie from this very host only, so that no page of a neighbour can plant one."""
BEARER = "bearer "
PROXY_SECRET_HEADER = "x-surveil-proxy-secret"


@dataclass(frozen=True, slots=True)
class Requester:
    """Somebody who is signed in.

    Attributes:
        actor: Who.
        how: By what.
        key: What only they and this server know; forms are tied to it.
    """

    actor: Actor
    how: Literal["cookie", "token", "proxy"]
    key: str


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that signs people in and says so in a header.

    Attributes:
        header: The header's name.
        addresses: Addresses, or networks such as 10.0.0.0/24, that the proxy connects from; the header of anybody else
            counts nothing.
        secret: What the proxy says in the header `PROXY_SECRET_HEADER`, and no other program there knows; None: the
            address is enough.
    """

    header: str
    addresses: tuple[str, ...] = ("127.0.0.1", "::1")
    secret: str | None = field(default=None, repr=False)

    def vouches(self, request: HTTPConnection) -> bool:
        """Whether a request comes from the proxy, by its address and, where one was agreed, by the secret."""
        if not self.is_from(request.client.host if request.client else ""):
            return False
        given = request.headers.get(PROXY_SECRET_HEADER, "")
        return self.secret is None or hmac.compare_digest(given.encode(), self.secret.encode())

    def is_from(self, address: str) -> bool:
        """Whether an address is the proxy's."""
        try:
            return any(ip_address(address) in ip_network(network, strict=False) for network in self.addresses)
        except ValueError:
            return False


def cookie_name(tls: bool) -> str:
    """What the cookie of a session is called."""
    return HTTPS_COOKIE if tls else COOKIE


class SigningIn:
    """Finds out who asks, and while the request lasts the archive shows only the cameras that they may see.

    Args:
        app: What is asked.
        archive: Where the accounts are.
        proxy: Who vouches for others; None: nobody.
        tls: Whether browsers reach it by HTTPS.
    """

    def __init__(
        self, app: ASGIApp, archive: Callable[[], Archive], proxy: Proxy | None = None, *, tls: bool = False
    ) -> None:
        self._app, self._archive, self._proxy = app, archive, proxy
        self._cookie = cookie_name(tls)
        self._key = secrets.token_hex()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/static/"):
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        try:
            signed_in = await run_in_threadpool(self._who, request)
        except SurveilError as error:  # the database is away
            refused = await on_surveil_error(Request(scope), error)
            await refused(scope, receive, send)
            return
        scope.setdefault("state", {}).update(signed_in=signed_in, who=lambda: self._who(request))
        if signed_in is None:
            await self._app(scope, receive, send)
            return
        with self._archive().seeing(signed_in.actor):
            await self._app(scope, receive, send)

    def _who(self, request: HTTPConnection) -> Requester | None:
        accounts = self._archive().accounts
        authorization = request.headers.get("authorization", "")
        if authorization:
            if not authorization.lower().startswith(BEARER):
                return None
            actor = accounts.of_token(authorization[len(BEARER) :].strip())
            return Requester(actor, "token", "") if actor else None
        if self._proxy is not None:
            return self._vouched(request, self._proxy)
        secret = request.cookies.get(self._cookie)
        actor = accounts.signed_in(secret) if secret else None
        return Requester(actor, "cookie", secret) if actor and secret else None

    def _vouched(self, request: HTTPConnection, proxy: Proxy) -> Requester | None:
        names: Sequence[str] = request.headers.getlist(proxy.header)
        if len(names) != 1 or not proxy.vouches(request):
            return None
        try:
            actor = self._archive().accounts.trusted(names[0].encode("latin-1").decode("utf-8"))
        except (SignInError, UnicodeDecodeError):
            return None
        return Requester(actor, "proxy", f"{self._key}:{actor.name}")
