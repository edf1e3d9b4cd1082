"""Signing requests in: by the cookie of a session, by an API token, or by a proxy that vouches for them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Literal

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from surveil.accounts.permissions import Actor
from surveil.app import Archive
from surveil.errors import SignInError

COOKIE = "surveil"
BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class SignedIn:
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
    """

    header: str
    addresses: tuple[str, ...] = ("127.0.0.1", "::1")

    def is_from(self, address: str) -> bool:
        """Whether a request comes from the proxy."""
        try:
            return any(ip_address(address) in ip_network(network, strict=False) for network in self.addresses)
        except ValueError:
            return False


class SigningIn:
    """Finds out who asks, and while the request lasts the archive shows only the cameras that they may see.

    Args:
        app: What is asked.
        archive: Where the accounts are.
        proxy: Who vouches for others; None: nobody.
    """

    def __init__(self, app: ASGIApp, archive: Callable[[], Archive], proxy: Proxy | None = None) -> None:
        self._app, self._archive, self._proxy = app, archive, proxy
        self._key = secrets.token_hex()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/static/"):
            await self._app(scope, receive, send)
            return
        signed_in = await run_in_threadpool(self._who, HTTPConnection(scope))
        scope.setdefault("state", {})["signed_in"] = signed_in
        if signed_in is None:
            await self._app(scope, receive, send)
            return
        with self._archive().seeing(signed_in.actor):
            await self._app(scope, receive, send)

    def _who(self, request: HTTPConnection) -> SignedIn | None:
        accounts = self._archive().accounts
        authorization = request.headers.get("authorization", "")
        if authorization:
            if not authorization.lower().startswith(BEARER):
                return None
            actor = accounts.of_token(authorization[len(BEARER) :].strip())
            return SignedIn(actor, "token", "") if actor else None
        if self._proxy is not None:
            return self._vouched(request, self._proxy)
        secret = request.cookies.get(COOKIE)
        actor = accounts.signed_in(secret) if secret else None
        return SignedIn(actor, "cookie", secret) if actor and secret else None

    def _vouched(self, request: HTTPConnection, proxy: Proxy) -> SignedIn | None:
        names: Sequence[str] = request.headers.getlist(proxy.header)
        if len(names) != 1 or not proxy.is_from(request.client.host if request.client else ""):
            return None
        try:
            actor = self._archive().accounts.trusted(names[0])
        except SignInError:
            return None
        return SignedIn(actor, "proxy", f"{self._key}:{actor.name}")
