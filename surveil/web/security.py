"""What every request passes before a page sees it, and every answer on its way out."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing comes from another host, and nothing in a page itself is a script or a style."""
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
MAX_BODY_BYTES = 32 * 2**20
"""Of a request; a picture that is handed in may be as large as this."""
TOO_LARGE = f"At most {MAX_BODY_BYTES // 2**20} MiB are taken."
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Guard:
    """Refuses requests for other hosts and from other sites, and bodies that are too large; adds security headers.

    A page of another site could have its visitor's browser send us requests (CSRF), or point its own name at this
    machine (DNS rebinding): the `Host` must be one of ours, and what changes something must come from our own pages.

    Args:
        app: What is guarded.
        hosts: Names that this server goes by, without port.
        tls: Whether browsers reach it by HTTPS.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], *, tls: bool = False) -> None:
        self._app, self._hosts = app, {host.lower() for host in hosts}
        self._headers = SECURITY_HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if tls else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = self._refusal(scope)
        app = PlainTextResponse(*refused) if refused else self._app
        await app(scope, _Limited(receive), self._sender(send))

    def _refusal(self, scope: Scope) -> tuple[str, int] | None:
        headers = Headers(scope=scope)
        if _name(headers.get("host", "")) not in self._hosts:
            return "This server does not go by that name.\n", 400
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            return f"{TOO_LARGE}\n", 413
        if scope["method"] in SAFE_METHODS or headers.get("authorization"):
            return None  # a browser sends no token of its own accord
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none") or not self._is_ours(headers):
            return "Requests of other sites are refused.\n", 403
        return None

    def _is_ours(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        if origin is None:
            return True  # no browser: it always names the origin of what changes something
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()

    def _sender(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        return sending


class _Limited:
    """A body that is cut off where it gets too long, whatever its length was said to be."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self._left = receive, MAX_BODY_BYTES

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise HTTPException(413, TOO_LARGE)
        return message


def _name(host: str) -> str:
    """A host without its port: "[::1]:8750" is "[::1]"."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdecimal() else host.lower()
