"""Opening the archive that a command works on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from surveil.app import Archive


def open_archive(ctx: click.Context, *, create: bool = False, **settings: Any) -> Archive:
    """The archive of --database; a flag that is None was not given."""
    import surveil

    return surveil.open(ctx.obj["database"], create=create, config=ctx.obj["config"], **settings)
