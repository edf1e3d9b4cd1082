"""Telling another program of something, over HTTP, without being led where nobody meant to go.

Only loopback addresses and hosts that the settings list are told. The name is looked up once, the addresses are
checked, and the connection goes to the one that was checked; redirects and proxies are not followed. What is sent is
signed.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from surveil.errors import WebhookError

TIMEOUT_SECONDS = 5.0
"""For connecting, and for each read."""
WHOLE_SECONDS = 15.0
"""For one try as a whole: who answers byte by byte holds nobody up for longer."""
WAITS = (1.0, 4.0)
"""Seconds before the second and the third try."""
SIGNATURE, DELIVERY = "X-Surveil-Signature", "X-Surveil-Delivery"
LOOPBACK_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost"})

METADATA = frozenset(
    map(ipaddress.ip_address, ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"))
)
"""Where clouds keep secrets besides 169.254.0.0/16: AWS and Google over IPv6, Alibaba, Oracle, Azure."""
NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""Addresses behind which there is one of IPv4 (RFC 6052)."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Target:
    """Where something is told: a URL that may be used.

    Attributes:
        url: As it was given.
        host: In lower case, without brackets.
        port: The port.
        path: Path and query.
        is_loopback: Whether it is this machine.
    """

    url: str
    host: str
    port: int
    path: str
    is_loopback: bool

    @property
    def is_encrypted(self) -> bool:
        """Whether it is HTTPS."""
        return self.url.lower().startswith("https:")


def target_of(url: str, allowed: Collection[str]) -> Target:
    """The target of a URL.

    Args:
        url: https://HOST/PATH; for this machine also http.
        allowed: Names of hosts that may be told, each perhaps with a port: "alerts.example.org", "nvr.local:8443".

    Raises:
        WebhookError: It is no such URL, or its host is not allowed.
    """
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise WebhookError("not a URL", repr(url), "Write https://HOST/PATH.")
    try:
        parts: SplitResult = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        host.encode("idna")  # what a look-up would stumble over: empty parts, or such of more than 63 characters
    except ValueError as error:
        raise WebhookError(f"not a URL: {error}", repr(url), "Write https://HOST/PATH.") from error
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        raise WebhookError("not a URL that can be told", url, "Write https://HOST/PATH, without a user's name.")
    is_loopback = host in LOOPBACK_NAMES or _is_loopback_literal(host)
    port = port or (443 if parts.scheme == "https" else 80)
    if not is_loopback:
        if not {host, f"{host}:{port}"} & {name.lower() for name in allowed}:
            raise WebhookError(f"{host} is not among the hosts that may be told", url, "See the setting webhook_hosts.")
        if parts.scheme != "https":
            raise WebhookError("what is sent to another machine is encrypted", url, "Write https://HOST/PATH.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(url, host, port, path, is_loopback)


def tell(
    target: Target,
    content: Mapping[str, Any],
    secret: str,
    delivery: str,
    *,
    wait: Callable[[float], object] = time.sleep,
) -> None:
    """Send something, and again where that fails for a while.

    The header `X-Surveil-Signature` is "t=SECONDS,v1=HEX": the HMAC-SHA256, with the secret, of "SECONDS.BODY".

    Args:
        target: Where to.
        content: JSON.
        secret: What the receiver knows too.
        delivery: A name for this; it is the same when it is sent again.
        wait: Waits for so many seconds.

    Raises:
        WebhookError: It was not taken.
    """
    body = json.dumps(content, ensure_ascii=False).encode()
    for pause in (*WAITS, None):
        try:
            status = _post(target, body, secret, delivery)
        except (OSError, http.client.HTTPException) as error:
            status, said = 0, getattr(error, "strerror", None) or str(error) or type(error).__name__
        else:
            said = f"answered {status}"
        if 200 <= status < 300:
            return
        if pause is None or not (status == 0 or status == 429 or status >= 500):
            raise WebhookError(f"it was not taken: {said}", target.url)
        wait(pause)


def signature(secret: str, seconds: int, body: bytes) -> str:
    """What the header of the signature says of a body that was sent at a time (seconds since 1970)."""
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def _post(target: Target, body: bytes, secret: str, delivery: str) -> int:
    """Send it once; gives the status of the answer, whose content nobody reads."""
    address = _checked_address(target)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "surveil",
        SIGNATURE: signature(secret, int(time.time()), body),
        DELIVERY: delivery,
        "Connection": "close",
    }
    kind = _PinnedHTTPS if target.is_encrypted else _PinnedHTTP
    connection = kind(target.host, target.port, address)
    overdue = threading.Timer(WHOLE_SECONDS, connection.break_off)
    overdue.daemon = True
    overdue.start()
    try:
        connection.request("POST", target.path, body, headers)
        return connection.getresponse().status
    finally:
        overdue.cancel()
        connection.close()


def _checked_address(target: Target) -> str:
    """The address to connect to: all that the name means must be allowed, so that none can be slipped in.

    Raises:
        WebhookError: One is not.
        OSError: The name means nothing.
    """
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = [str(where[0]) for *_, where in found]
    for address in addresses:
        if not _may_be_told(ipaddress.ip_address(address.partition("%")[0]), loopback=target.is_loopback):
            raise WebhookError(f"{target.host} means {address}, which is not told", target.url)
    return addresses[0]


def _may_be_told(address: Address, *, loopback: bool) -> bool:
    """Whether an address is this machine's, or, of a listed host, another's: never one where clouds keep secrets."""
    if address.version == 6 and address in NAT64:
        return _may_be_told(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF), loopback=loopback)
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        return _may_be_told(mapped, loopback=loopback)
    if loopback:
        return address.is_loopback
    other = address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified
    other = other or address in METADATA
    return not (other or address.is_reserved or getattr(address, "sixtofour", None) or getattr(address, "teredo", None))


def _is_loopback_literal(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _BrokenOff(http.client.HTTPConnection):
    """A connection that another thread may end."""

    def break_off(self) -> None:
        """Let whoever reads or writes just now fail."""
        with suppress(OSError, AttributeError):  # it may have ended meanwhile
            self.sock.shutdown(socket.SHUT_RDWR)


class _PinnedHTTP(_BrokenOff):
    """Connects to an address that was checked, whatever the host's name means by now."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), TIMEOUT_SECONDS)


class _PinnedHTTPS(_BrokenOff, http.client.HTTPSConnection):
    """The same, encrypted; the certificate must be the host's."""

    def __init__(self, host: str, port: int, address: str) -> None:
        self._verified = ssl.create_default_context()
        super().__init__(host, port, timeout=TIMEOUT_SECONDS, context=self._verified)
        self._address = address

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), TIMEOUT_SECONDS)
        self.sock = self._verified.wrap_socket(plain, server_hostname=self.host)
