"""surveil case: what an investigation gathers, and thereby keeps from being deleted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from surveil.cli.archive import open_archive
from surveil.cli.output import echo, output_options, write_csv, write_json, write_table

if TYPE_CHECKING:
    from surveil.app import Archive

COLUMNS = ("name", "items", "made_at", "made_by", "closed_at")
ENTRY_COLUMNS = ("item", "camera", "path", "footage", "begin", "end", "sighting", "note", "added_at", "added_by")


@click.group()
def command() -> None:
    """Gather sightings and stretches of footage in cases.

    While a case is open, its footage can be neither forgotten nor deleted by retention.
    """


@command.command(name="list")
@output_options
@click.pass_context
def list_command(ctx: click.Context, output: str) -> None:
    """List the cases.

    \b
    Example:
        surveil case list
    """
    with open_archive(ctx) as archive:
        result = archive.cases.list()
    if output == "json":
        write_json(result)
        return
    if output == "csv":
        write_csv((case.model_dump(mode="json") for case in result.cases), COLUMNS)
        return
    rows = [
        [
            case.name,
            str(case.items),
            f"{case.made_at:%Y-%m-%d %H:%M}",
            case.made_by,
            "closed" if case.closed_at else "open",
        ]
        for case in result.cases
    ]
    write_table(("case", "items", "made (UTC)", "by", "state"), rows, right=("items",))


@command.command(name="show")
@click.argument("case")
@output_options
@click.pass_context
def show_command(ctx: click.Context, case: str, output: str) -> None:
    """Show what is in a case.

    \b
    Example:
        surveil case show "theft of 14 September"
    """
    with open_archive(ctx) as archive:
        result = archive.cases.show(case)
    if output == "json":
        write_json(result)
        return
    if output == "csv":
        write_csv((entry.model_dump(mode="json") for entry in result.entries), ENTRY_COLUMNS)
        return
    rows = [
        [
            str(entry.item),
            entry.camera,
            f"{entry.begin:.1f}",
            f"{entry.end:.1f}",
            str(entry.sighting or ""),
            entry.note or "",
            entry.path,
        ]
        for entry in result.entries
    ]
    columns = ("item", "camera", "from (s)", "to (s)", "sighting", "note", "footage")
    write_table(columns, rows, right=("item", "from (s)", "to (s)", "sighting"))


@command.command(name="new")
@click.argument("case")
@click.pass_context
def new_command(ctx: click.Context, case: str) -> None:
    """Open a case.

    \b
    Example:
        surveil case new "theft of 14 September"
    """
    with _changing(ctx, {"new": case}) as (archive, actor):
        archive.cases.new(case, actor)
    echo(f"{case}: open")


@command.command(name="add")
@click.argument("case")
@click.argument("what", nargs=-1, required=True, metavar="sighting:N|footage:N:FROM-TO...")
@click.option("--note", metavar="TEXT", help="What is to be seen.")
@click.pass_context
def add_command(ctx: click.Context, case: str, what: tuple[str, ...], note: str | None) -> None:
    """Put sightings, or stretches of footage in seconds from its first frame, into a case.

    \b
    Example:
        surveil case add "theft of 14 September" sighting:12 sighting:36
        surveil case add "theft of 14 September" footage:3:62.5-80 --note "the bag changes hands"
    """
    with _changing(ctx, {"case": case, "add": list(what)}) as (archive, actor):
        for given in what:
            found = re.fullmatch(r"sighting:(\d{1,18})|footage:(\d{1,18}):(\d+\.?\d*)-(\d+\.?\d*)", given)
            if not found:
                raise click.UsageError(f"{given!r} is neither sighting:N nor footage:N:FROM-TO")
            if found[1]:
                entry = archive.cases.add_sighting(case, int(found[1]), actor, note=note)
            else:
                entry = archive.cases.add_clip(case, int(found[2]), float(found[3]), float(found[4]), actor, note=note)
            echo(f"item {entry.item}: {entry.camera}, {entry.begin:.1f} s to {entry.end:.1f} s of {entry.path}")


@command.command(name="remove")
@click.argument("case")
@click.argument("item", type=int)
@click.pass_context
def remove_command(ctx: click.Context, case: str, item: int) -> None:
    """Take an item out of a case.

    \b
    Example:
        surveil case remove "theft of 14 September" 3
    """
    with _changing(ctx, {"case": case, "remove": item}) as (archive, _):
        archive.cases.remove(case, item)
    echo(f"{case}: item {item} is out")


@command.command(name="close")
@click.argument("case")
@click.option("--undo", is_flag=True, help="Open it again.")
@click.pass_context
def close_command(ctx: click.Context, case: str, undo: bool) -> None:
    """Close a case: it no longer keeps its footage from being deleted.

    \b
    Example:
        surveil case close "theft of 14 September"
    """
    with _changing(ctx, {"case": case, "closed": not undo}) as (archive, _):
        archive.cases.close(case, not undo)
    echo(f"{case}: {'open' if undo else 'closed'}")


@contextmanager
def _changing(ctx: click.Context, what: dict[str, Any]) -> Iterator[tuple[Archive, str]]:
    """The archive and who acts, while the machine's user changes a case; it is put on record."""
    from surveil.app import Actor

    actor = Actor.of_machine()
    with open_archive(ctx) as archive, archive.acting(actor, "case", what):
        yield archive, actor.name
