"""Running the desk: the address it listens on, and the server."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from pathlib import Path

import uvicorn

from surveil.app import Archive
from surveil.errors import SurveilError
from surveil.web.app import create_app
from surveil.web.desk import Desk
from surveil.web.security import LOOPBACK
from surveil.web.signed_in import Proxy

STOP_SECONDS = 3
"""Requests that take longer when the server stops are cut off."""


def serve(
    archive: Archive,
    *,
    host: str,
    port: int,
    names: Sequence[str] = (),
    folders: Sequence[Path] = (),
    certificate: Path | None = None,
    key: Path | None = None,
    proxy: Proxy | None = None,
    say: Callable[[str], object] = print,
) -> None:
    """Serve the desk until somebody stops it.

    Args:
        archive: What is shown.
        host: Address to listen on.
        port: Its port; 0 takes a free one.
        names: Other names that browsers call this server by.
        folders: Folders that may be ingested from the pages.
        certificate: PEM file of the certificate, for HTTPS.
        key: PEM file of its key.
        proxy: A proxy before this server that signs people in, and offers HTTPS to browsers.
        say: Tells whoever started it where it is.

    Raises:
        SurveilError: The address or the certificate cannot be used, or others can reach the address, and what protects
            them is missing.
    """
    if certificate is not None:
        _check_certificate(certificate, key)
    check_safe(archive, host, tls=certificate is not None, proxy=proxy is not None)
    listening = _listen(host, port)
    port = listening.getsockname()[1]
    desk = Desk(archive, folders=folders)
    say("Loading the networks ...")
    desk.warm_up()
    shown = f"[{host}]" if ":" in host else host
    tls = certificate is not None
    app = create_app(desk, hosts=[*LOOPBACK, shown, *names], tls=tls or proxy is not None, proxy=proxy)
    address = f"{'https' if tls else 'http'}://{shown}:{port}"
    say(f"The desk is at {address}/ (Ctrl-C stops it)")
    if proxy is None and (link := archive.accounts.new_start_link()):
        say(f"There is no account yet. Make the first one, within an hour: {address}/start?link={link}")
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=STOP_SECONDS,
        ssl_certfile=certificate, ssl_keyfile=key, proxy_headers=False,
    )  # fmt: skip
    uvicorn.Server(config).run(sockets=[listening])


def check_safe(archive: Archive, host: str, *, tls: bool, proxy: bool) -> None:
    """Refuse an address that others can reach without accounts, and HTTPS or a proxy that offers it.

    Raises:
        SurveilError: Something is missing.
    """
    if _is_loopback(host):
        return
    if not archive.accounts.users().users:
        raise SurveilError(
            "others can reach this address, and there is no account yet", host,
            "Start on 127.0.0.1 and make one, or run: surveil user add NAME admin",
        )  # fmt: skip
    if not (tls or proxy):
        raise SurveilError(
            "others can reach this address, and passwords would be sent in the open", host,
            "Give --certificate and --key, or --proxy-header for a proxy that signs people in.",
        )  # fmt: skip


def _check_certificate(certificate: Path, key: Path | None) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except OSError as error:  # SSLError is one
        raise SurveilError(
            f"no certificate with the key in {key} ({error.strerror or error})", certificate,
            "Both are PEM files, and the key has no passphrase.",
        ) from error  # fmt: skip


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError as error:
        raise SurveilError(
            f"cannot listen: {error.strerror or error}", f"{host}:{port}", "Give another --host or --port."
        ) from error
    return listening
