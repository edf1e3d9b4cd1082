"""surveil identities: list and show identities."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from surveil.cli.output import output_options, write_csv, write_json, write_table


@click.group()
def command() -> None:
    """List and show identities."""


@command.command(name="list")
@output_options
@click.pass_context
def list_command(ctx: click.Context, output: str) -> None:
    """List the identities that have sightings or a name, those with most sightings first.

    Exit codes: 0 done; 1 the database cannot be read; 2 the call is wrong.

    \b
    Example:
        surveil identities list --json
    """  # noqa: D301 (click needs the control character)
    from surveil.identities.listing import list_identities
    from surveil.settings import load_settings
    from surveil.store.session import Database

    settings = load_settings(database=ctx.obj["database"])
    with Database.open(settings.database, create=False) as database, database.session() as session:
        identities = [asdict(identity) for identity in list_identities(session)]
    columns = ("identity", "name", "sightings", "cameras", "first_seen", "last_seen")
    if output == "json":
        write_json({"identities": identities})
    elif output == "csv":
        write_csv(identities, columns)
    elif not identities:
        click.echo("There are no identities yet. Run: surveil cluster", err=True)
    else:
        rows = [
            [
                str(found["identity"]),
                found["name"] or "",
                str(found["sightings"]),
                ", ".join(found["cameras"]),
                *(f"{found[time]:%Y-%m-%d %H:%M:%S}" if found[time] else "" for time in ("first_seen", "last_seen")),
            ]
            for found in identities
        ]
        headings = ("identity", "name", "sightings", "cameras", "first seen (UTC)", "last seen (UTC)")
        write_table(headings, rows, right=("identity", "sightings"))


@command.command(name="show")
@click.argument("identity", type=int)
@click.option("--sheet", metavar="OUT.png", type=click.Path(path_type=Path), help="Draw a contact sheet.")
@output_options
@click.pass_context
def show_command(ctx: click.Context, identity: int, sheet: Path | None, output: str) -> None:
    """Show the sightings of an identity in order of time.

    Exit codes: 0 done; 1 there is no such identity, or the database cannot be read; 2 the call is wrong.

    \b
    Example:
        surveil identities show 7 --sheet seven.png
    """  # noqa: D301 (click needs the control character)
    from surveil.cli.matches import as_json, cells, print_csv, print_table
    from surveil.identities.listing import sightings_of
    from surveil.search.rank import Score, load_matches
    from surveil.search.sheet import contact_sheet, save_sheet
    from surveil.settings import load_settings
    from surveil.store.media import media_folder
    from surveil.store.session import Database
    from surveil.store.tables import Identity

    settings = load_settings(database=ctx.obj["database"])
    with Database.open(settings.database, create=False) as database:
        with database.session() as session:
            seen = load_matches(session, {sighting: Score() for sighting in sightings_of(session, identity)})
            name = session.get_one(Identity, identity).name
        media = media_folder(settings, database)
    if sheet:
        title = f"Identity {identity}" + (f": {name}" if name else "")
        cameras = sorted({match.camera for match in seen})
        save_sheet(contact_sheet(cells(seen, media), title, f"{len(seen)} sightings by {', '.join(cameras)}"), sheet)
    if output == "json":
        write_json({"identity": identity, "name": name, "sightings": [as_json(match, media) for match in seen]})
    elif output == "csv":
        print_csv(seen, media)
    else:
        print_table(seen)
