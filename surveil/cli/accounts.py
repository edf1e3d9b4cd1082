"""What the commands about accounts share: passwords from a prompt or a pipe, and the record of what was done."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from surveil.cli.archive import open_archive

if TYPE_CHECKING:
    from surveil.app import Archive


def ask_password() -> str:
    """A new password: asked for twice on a terminal, else the first line of standard input. Never an argument."""
    if sys.stdin.isatty():
        password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return password
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise click.UsageError("no password on standard input")
    return password


@contextmanager
def keeping_accounts(ctx: click.Context, what: dict[str, Any], *, create: bool = False) -> Iterator[Archive]:
    """The archive, while the machine's user changes accounts; it is put on record."""
    with open_archive(ctx, create=create) as archive, archive.acting(None, "accounts", what):
        yield archive
