"""surveil forget: delete a person."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from surveil.cli.archive import open_archive
from surveil.cli.output import output_options, write_csv, write_json, write_table
from surveil.cli.removal import print_removal
from surveil.formatting import match_percent

if TYPE_CHECKING:
    from surveil.app.results import Forgettable, Removal

COLUMNS = ("sighting", "camera", "first_seen", "last_seen", "probability", "identity", "name", "crop", "footage")


@click.command()
@click.option("--identity", type=int, metavar="N", help="All sightings of an identity.")
@click.option("--sighting", "sightings", type=int, multiple=True, metavar="N", help="A sighting; may be repeated.")
@click.option("--like", metavar="PICTURE", help="The sightings that show the person of a picture, or of sighting:N.")
@click.option(
    "--min-probability",
    type=click.FloatRange(0, 1),
    default=0.9,
    show_default=True,
    help="With --like: the least probability that they show that person.",
)
@click.option("--except", "spared", type=int, multiple=True, metavar="N", help="Not this sighting; may be repeated.")
@click.option("--dry-run", is_flag=True, help="Only show who would be deleted.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--reason", metavar="TEXT", help="Why; it is put on record, where nobody should be named.")
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    identity: int | None,
    sightings: tuple[int, ...],
    like: str | None,
    min_probability: float,
    spared: tuple[int, ...],
    dry_run: bool,
    yes: bool,
    reason: str | None,
    output: str,
) -> None:
    """Delete a person: sightings, pictures, descriptions, embeddings, and what was written of them.

    Shows who would be deleted first: look at the pictures, for the model confuses people, and leave out with --except
    whom you did not mean. What open cases hold stays. The record of it holds how many were deleted, not who.

    \b
    Example:
        surveil forget --identity 7 --dry-run
        surveil forget --like person.jpg --except 14 --yes
    """
    if sum((identity is not None, bool(sightings), like is not None)) != 1:
        raise click.UsageError("give one of --identity, --sighting and --like")
    with open_archive(ctx) as archive:
        with archive.acting(None, "see", {"to forget": "a person"}, reason=reason):
            found = archive.retention.find(
                identity=identity, sightings=sightings, like=like, min_probability=min_probability
            )
        chosen = [sighting for sighting in found.sightings if sighting not in spared]
        removal = archive.retention.forget(chosen, rehearse=True)
        if output == "table":
            _show(found, spared)
        if not dry_run:
            if not yes:
                _ask(removal, output)
            with archive.acting(None, "delete", {"forget": "a person", "sightings": removal.sightings}, reason=reason):
                removal = archive.retention.forget(chosen)
    if output == "json":
        write_json(found.model_copy(update={"removal": removal}))
    elif output == "csv":
        write_csv((match.model_dump(mode="json") for match in found.matches), COLUMNS)
    else:
        print_removal(removal)


def _show(found: Forgettable, spared: tuple[int, ...]) -> None:
    rows: list[list[Any]] = [
        [
            str(match.sighting),
            match.camera,
            f"{match.first_seen:%Y-%m-%d %H:%M:%S}",
            match_percent(match.probability),
            match.name or "",
            "stays" if match.sighting in spared else "",
            match.crop or "",
        ]
        for match in found.matches
    ]
    write_table(
        ("sighting", "camera", "first seen (UTC)", "probability", "name", "", "picture"), rows, right=("sighting",)
    )


def _ask(removal: Removal, output: str) -> None:
    """Ask whether they are to go."""
    if not sys.stdin.isatty() or output != "table":
        raise click.UsageError("look at them with --dry-run first, then give --yes")
    print_removal(removal)
    click.confirm("Delete them for good?", abort=True)
