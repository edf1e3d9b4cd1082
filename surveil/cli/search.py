"""surveil search: find people by what they look like, or by a picture."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from surveil.attributes import ATTRIBUTES, BY_NAME
from surveil.cli.archive import open_archive
from surveil.cli.output import echo, output_options, write_json
from surveil.cli.parameters import CLOCK, DAYS, LABEL, TIME, values_by_name

if TYPE_CHECKING:
    from surveil.app import SearchResult

Command = TypeVar("Command", bound=Callable[..., Any])


def attribute_options(command: Command) -> Command:
    """One option per attribute: a flag for those that are yes or no, a choice that can be repeated for the others."""
    for attribute in reversed(ATTRIBUTES):
        option = attribute.name.replace("_", "-")
        if attribute.labels == ("no", "yes"):
            decorate = click.option(f"--{option}/--no-{option}", attribute.name, default=None, help=f"With a {option}.")
        else:
            decorate = click.option(
                f"--{option}",
                attribute.name,
                type=click.Choice(attribute.labels, case_sensitive=False),
                multiple=True,
                help="May be repeated.",
            )
        command = decorate(command)
    return command


@click.command()
@click.argument("text", required=False)
@click.option(
    "--like", metavar="IMAGE", multiple=True, help="Who is looked for: a picture, or sighting:N or identity:N."
)
@click.option("--unlike", metavar="IMAGE", multiple=True, help="Who is not meant, in the same way.")
@click.option("--person", metavar="N", type=int, help="Which person of the --like pictures, from the left.")
@click.option("--camera", "cameras", metavar="NAME", multiple=True, help="Only this camera; may be repeated.")
@click.option("--after", metavar="TIME", type=TIME, help="Seen at this time or later: 2026-09-14 or 2026-09-14T08:30.")
@click.option("--before", metavar="TIME", type=TIME, help="Seen before this time.")
@click.option("--weekday", "weekdays", type=click.Choice(DAYS), multiple=True, help="May be repeated.")
@click.option("--from", "time_from", metavar="TIME", type=CLOCK, help="Time of day on the camera's clock: 22:00.")
@click.option("--to", "time_to", metavar="TIME", type=CLOCK, help="Until this time of day; it may be on the next day.")
@click.option("--footage", metavar="FILE", multiple=True, help="Only this footage; may be repeated.")
@click.option("--identity", "identities", metavar="N", multiple=True, help="Only this identity: its number or name.")
@click.option("--min-height", metavar="PIXELS", type=click.IntRange(1), help="Least height of the best crop.")
@click.option(
    "--zone", default="UTC", show_default=True, help="Time zone of --after, --before, and of today in the text."
)
@attribute_options
@click.option(
    "--only",
    metavar="ATTRIBUTE=VALUE",
    type=LABEL,
    multiple=True,
    help="Certainly this value, and no other: upper-colour=red.",
)
@click.option(
    "--not", "without", metavar="ATTRIBUTE=VALUE", type=LABEL, multiple=True, help="Certainly not this value."
)
@click.option(
    "--min-confidence",
    metavar="P",
    type=float,
    help="Least probability (0 to 1) of each attribute asked for. Without it the model decides: at one half, and lower "
    "for what is rare.",
)
@click.option("--limit", metavar="N", type=click.IntRange(1), default=20, show_default=True, help="Matches at most.")
@click.option("--offset", metavar="N", type=click.IntRange(0), default=0, help="Pass over so many of the best.")
@click.option("--sort", type=click.Choice(["newest", "oldest", "largest"]), help="Else the best match comes first.")
@click.option(
    "--group",
    type=click.Choice(["identity", "visit", "look"]),
    help="One match for each; look: of those who look alike.",
)
@click.option("--refine", is_flag=True, help="Re-rank the best matches of --like by mutual neighbours.")
@click.option("--facets", is_flag=True, help="Also count those who pass by camera, hour, colour and the rest.")
@click.option("--save", metavar="NAME", help="Also keep the search under this name; see `surveil saved`.")
@click.option("--watch", is_flag=True, help="With --save: `surveil ingest` runs it on what is new.")
@click.option("--sheet", metavar="OUT.png", type=click.Path(path_type=Path), help="Draw a contact sheet.")
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    sheet: Path | None,
    output: str,
    save: str | None,
    watch: bool,
    like: tuple[str, ...],
    unlike: tuple[str, ...],
    **asked: Any,
) -> None:
    """Find people by what they look like, or by a picture.

    TEXT describes a person in plain words: colours with their garment, what is carried, age, gender, a camera's name,
    a day, a time of day. What was understood is shown, and every word that was not. All filters must be passed; of an
    option that is repeated, one value is enough. With --like, the people who pass are ranked by similarity. Without
    anything asked for, the latest sightings are listed.

    --no-backpack and its like find people who certainly carry none; of many it cannot be seen.

    A picture may show anything: the person is found in it and cut out, unless it is a crop of a person already.

    Exit codes: 0 done, also when nobody was found; 1 the search cannot be answered; 2 the call is wrong.

    \b
    Example:
        surveil search "woman, red top, backpack, Tuesday between 8 and 9" --sheet found.png
        surveil search --like person.jpg --camera gate --after 2026-09-14 --json
    """
    attributes = _attributes(asked)
    if unlike and not like:
        raise click.UsageError("--unlike needs --like: say also who is looked for")
    asked["only"], asked["without"] = values_by_name(asked["only"]), values_by_name(asked["without"])
    if asked["refine"] and not like:
        raise click.UsageError("--refine needs --like")
    if watch and not save:
        raise click.UsageError("--watch needs --save NAME")
    # One picture is a moment's work: threads that wait for more of it at full speed take a third of the time.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    with open_archive(ctx) as archive:
        request = archive.request(like=like, unlike=unlike, attributes=attributes, **asked)
        result = archive.search(request)
        if save:
            archive.save_search(save, request, watch=watch)
        for phrase in result.understood.unknown:
            echo(f"Not understood: {phrase.words} ({phrase.meaning})", err=True)
        if sheet:
            archive.draw_sheet(result, sheet)
    print_result(output, result)


def _attributes(asked: dict[str, Any]) -> dict[str, list[str]]:
    """The labels that the options ask for; the options are taken out of `asked`."""
    labels: dict[str, list[str]] = {}
    for attribute in ATTRIBUTES:
        value = asked.pop(attribute.name)
        if isinstance(value, bool):
            labels[attribute.name] = [BY_NAME[attribute.name].labels[value]]
        elif value:
            labels[attribute.name] = list(value)
    return labels


def print_result(output: str, result: SearchResult) -> None:
    """Print what a search found, as "table", "json" or "csv"."""
    if output == "json":
        write_json(result)
        return
    from surveil.app.wording import in_words, measured
    from surveil.cli.matches import print_csv, print_table

    for option, examples in (("like", result.understood.like), ("unlike", result.understood.unlike)):
        for example in examples:
            echo(f"--{option} {example.picture}: {example.taken}", err=True)
    if output == "csv":
        print_csv(result.matches)
    else:
        echo(f"Looking for: {in_words(result.understood)}", err=True)
        if told := measured(result.filters, result.filters_unmeasured):
            echo(f"{told}.", err=True)
    if result.not_remembered is not None:
        echo(f"Not in the history: {result.not_remembered}", err=True)
    if result.passing is not None:
        echo("Nobody was found. Sightings that pass each filter alone:", err=True)
        for name, count in result.passing.items():
            echo(f"  {count:>6}  {name}", err=True)
    elif output == "table":
        print_table(result.matches)
        _print_more(result)


def _print_more(result: SearchResult) -> None:
    """What the table does not say: how many matches are wrong, how all who pass are spread, and the next page."""
    if result.matches and (wrong := result.matches[-1].expected_false) is not None and result.gallery:
        size, expected = result.gallery.candidates, result.gallery.expected
        supposed = f"if {expected:.0f} of the {size} candidates show the person"
        echo(f"Of these {len(result.matches)} matches about {wrong:.1f} show somebody else, {supposed}.", err=True)
    for name, counts in (result.facets or {}).items():
        told = ", ".join(f"{value} {count}" for value, count in counts.items() if count)
        echo(f"{name.replace('_', ' ')}: {told}", err=True)
    if result.next_offset is not None:
        echo(f"There are more: --offset {result.next_offset}", err=True)
