"""surveil identities: list, show and correct identities."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from surveil.cli.archive import open_archive
from surveil.cli.decisions import DECISION_COMMANDS
from surveil.cli.output import echo, output_options, write_csv, write_json, write_table

if TYPE_CHECKING:
    from surveil.app import IdentitySummary


@click.group()
def command() -> None:
    """List, show and correct identities.

    What is decided here is written to a log and holds after every later clustering, until it is undone.
    """


@command.command(name="list")
@click.option("--all", "hidden", is_flag=True, help="Hidden ones too.")
@output_options
@click.pass_context
def list_command(ctx: click.Context, hidden: bool, output: str) -> None:
    """List the identities that have sightings or a name, those with most sightings first.

    Exit codes: 0 done; 1 the database cannot be read; 2 the call is wrong.

    \b
    Example:
        surveil identities list --json
    """
    with open_archive(ctx) as archive:
        result = archive.identities(hidden=hidden)
    if output == "json":
        write_json(result)
    elif output == "csv":
        write_csv(
            (identity.model_dump(mode="json") for identity in result.identities),
            ("identity", "name", "sightings", "cameras", "first_seen", "last_seen", "note", "hidden"),
        )
    elif not result.identities:
        echo("There are no identities yet. Run: surveil cluster", err=True)
    else:
        headings = ("identity", "name", "sightings", "cameras", "first seen (UTC)", "last seen (UTC)")
        write_table(headings, [_row(identity) for identity in result.identities], right=("identity", "sightings"))


def _row(identity: IdentitySummary) -> list[str]:
    times = (identity.first_seen, identity.last_seen)
    return [
        str(identity.identity),
        identity.name or "",
        str(identity.sightings),
        ", ".join(identity.cameras),
        *(f"{time:%Y-%m-%d %H:%M:%S}" if time else "" for time in times),
    ]


@command.command(name="show")
@click.argument("identity", type=int)
@click.option("--sheet", metavar="OUT.png", type=click.Path(path_type=Path), help="Draw its timeline and its crops.")
@output_options
@click.pass_context
def show_command(ctx: click.Context, identity: int, sheet: Path | None, output: str) -> None:
    """Show an identity: when each camera saw it, its sightings, who was with it, and who may be the same person.

    Companions were seen by the same cameras within seconds of it, on more visits than chance explains; beside them
    stands on how many visits chance would have brought them together. Suggested merges are never those that were
    decided to be two people, nor people who were in one picture; decide with `surveil identities merge` or `apart`.
    --csv prints the sightings.

    Exit codes: 0 done; 1 there is no such identity, or the database cannot be read; 2 the call is wrong.

    \b
    Example:
        surveil identities show 7 --sheet seven.png
    """
    from surveil.cli.identity import print_identity
    from surveil.cli.matches import print_csv

    with open_archive(ctx) as archive:
        shown = archive.identity(identity)
        if sheet:
            archive.draw_sheet(shown, sheet)
    if output == "json":
        write_json(shown)
    elif output == "csv":
        print_csv(shown.sightings)
    else:
        print_identity(shown)


for _decision_command in DECISION_COMMANDS:
    command.add_command(_decision_command)
