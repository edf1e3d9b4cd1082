"""surveil serve: the operator's desk in a browser, and the API."""

from __future__ import annotations

from pathlib import Path

import click

from surveil.cli.archive import open_archive
from surveil.cli.output import echo
from surveil.errors import SurveilError

FILE = click.Path(path_type=Path, dir_okay=False)
MIN_SECRET = 32
NEW_SECRET = "Make one: openssl rand -hex 32 > FILE"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8750, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--name", "names", metavar="NAME", multiple=True, help="A name browsers call this server by.")
@click.option(
    "--footage",
    "folders",
    metavar="FOLDER",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder that may be ingested from the pages; may be repeated.",
)
@click.option("--certificate", metavar="FILE", type=FILE, help="PEM file of a certificate: serve HTTPS.")
@click.option("--key", metavar="FILE", type=FILE, help="PEM file of its key.")
@click.option("--proxy-header", metavar="HEADER", help="Header in which a proxy says who it signed in.")
@click.option(
    "--proxy",
    "proxies",
    metavar="ADDRESS",
    multiple=True,
    default=("127.0.0.1", "::1"),
    show_default=True,
    help="Address or network that the proxy connects from; may be repeated.",
)
@click.option(
    "--proxy-secret",
    metavar="FILE",
    type=FILE,
    help="File with a secret that the proxy sends in the header X-Surveil-Proxy-Secret.",
)
@click.pass_context
def command(
    ctx: click.Context,
    host: str,
    port: int,
    names: tuple[str, ...],
    folders: tuple[Path, ...],
    certificate: Path | None,
    key: Path | None,
    proxy_header: str | None,
    proxies: tuple[str, ...],
    proxy_secret: Path | None,
) -> None:
    """Serve the operator's desk: search, sightings, identities and footage in a browser, and an API.

    Nothing is fetched from another host: it works without a network. The first start prints a link to make the first
    account with. An address that others can reach needs accounts, and HTTPS (--certificate and --key) or a proxy that
    signs people in (--proxy-header; see docs/desk.md). Ctrl-C stops it.

    Exit codes: 0 stopped; 1 it could not be started; 2 the call is wrong.

    \b
    Example:
        surveil serve
        surveil serve --footage /recordings
        surveil serve --host 0.0.0.0 --name desk.example.org --certificate desk.pem --key desk.key
    """
    if (certificate is None) != (key is None):
        raise click.UsageError("--certificate and --key need each other")
    try:
        from surveil.web.server import serve
        from surveil.web.signed_in import Proxy
    except ModuleNotFoundError as error:
        raise SurveilError(f"{error.name} is missing", "surveil serve", 'Run: pip install "surveil[web]"') from error
    if proxy_secret is not None and not proxy_header:
        raise click.UsageError("--proxy-secret needs --proxy-header")
    proxy = Proxy(proxy_header, proxies, _secret(proxy_secret)) if proxy_header else None
    with open_archive(ctx, create=True) as archive:
        serve(
            archive,
            host=host,
            port=port,
            names=names,
            folders=folders,
            certificate=certificate,
            key=key,
            proxy=proxy,
            say=echo,
        )


def _secret(file: Path | None) -> str | None:
    """The secret in a file, on one line.

    Raises:
        SurveilError: The file cannot be read, or what is in it can be guessed or is no header's value.
    """
    if file is None:
        return None
    try:
        secret = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SurveilError(f"cannot be read: {error}", file, NEW_SECRET) from error
    if len(secret) < MIN_SECRET or not secret.isprintable():
        raise SurveilError(f"a secret has {MIN_SECRET} characters or more, on one line", file, NEW_SECRET)
    return secret
