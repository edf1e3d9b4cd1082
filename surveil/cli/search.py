"""surveil search: find people by what they look like, or by a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from surveil.attributes import ATTRIBUTES, BY_NAME
from surveil.cli.output import output_options, write_json

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from surveil.search.example import Person
    from surveil.search.filters import Filters
    from surveil.search.rank import Example, Match
    from surveil.search.text import Phrase, Reading
    from surveil.settings import Settings
    from surveil.store.media import MediaFolder

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
@click.option("--like", metavar="IMAGE", type=click.Path(path_type=Path), multiple=True, help="Who is looked for.")
@click.option("--unlike", metavar="IMAGE", type=click.Path(path_type=Path), multiple=True, help="Who is not meant.")
@click.option("--person", metavar="N", type=int, help="Which person of the --like pictures, from the left.")
@click.option("--camera", "cameras", metavar="NAME", multiple=True, help="Only this camera; may be repeated.")
@click.option("--after", metavar="TIME", help="Seen at this time or later: 2026-09-14 or 2026-09-14T08:30.")
@click.option("--before", metavar="TIME", help="Seen before this time.")
@click.option(
    "--zone", default="UTC", show_default=True, help="Time zone of --after, --before, and of today in the text."
)
@attribute_options
@click.option(
    "--min-confidence", metavar="P", type=float,
    help="Least probability (0 to 1) of each attribute asked for. Without it the model decides: at one half, and lower "
    "for what is rare.",
)  # fmt: skip
@click.option("--limit", metavar="N", type=click.IntRange(1), default=20, show_default=True, help="Matches at most.")
@click.option("--sheet", metavar="OUT.png", type=click.Path(path_type=Path), help="Draw a contact sheet.")
@output_options
@click.pass_context
def command(
    ctx: click.Context, /, text: str | None, like: tuple[Path, ...], unlike: tuple[Path, ...], person: int | None,
    limit: int, sheet: Path | None, output: str, **asked: Any,
) -> None:  # fmt: skip
    """Find people by what they look like, or by a picture.

    TEXT describes a person in plain words: colours with their garment, what is carried, age, gender, a camera's name,
    a day, a time of day. What was understood is shown, and every word that was not. All filters must be passed; of an
    option that is repeated, one value is enough. With --like, the people who pass are ranked by similarity.

    A picture may show anything: the person is found in it and cut out, unless it is a crop of a person already.

    Exit codes: 0 done, also when nobody was found; 1 the search cannot be answered; 2 the call is wrong.

    \b
    Example:
        surveil search "woman, red top, backpack, Tuesday between 8 and 9" --sheet found.png
        surveil search --like person.jpg --camera gate --after 2026-09-14 --json
    """  # noqa: D301 (click needs the control character)
    from surveil.search.filters import count_passing
    from surveil.search.rank import Query, search
    from surveil.settings import load_settings
    from surveil.store.media import media_folder
    from surveil.store.session import Database

    settings = load_settings(database=ctx.obj["database"])
    with Database.open(settings.database, create=False) as database:
        with database.session() as session:
            filters, reading = _read_filters(session, text, asked)
            if not (filters or like or unlike):
                raise click.UsageError("nothing to look for: describe a person, give --like PICTURE or a filter")
            example, people = _read_pictures(session, settings, like, unlike, person)
        matches = search(database, Query(filters, example, limit))
        passing = None
        if not matches:
            with database.session() as session:
                passing = count_passing(session, filters)
        media = media_folder(settings, database)
        understood = _understood(text, filters, reading, people)
        for phrase in reading.unknown if reading else ():
            click.echo(f"Not understood: {phrase.words} ({phrase.meaning})", err=True)
        if sheet:
            _draw(sheet, matches, media, understood, people)
        _print(output, matches, media, understood, passing)


def _read_filters(session: Session, text: str | None, asked: dict[str, Any]) -> tuple[Filters, Reading | None]:
    """What the options and the text ask for together, and what the text was read as."""
    from surveil.search.filters import Filters
    from surveil.search.text import read_text
    from surveil.search.when import zone_named
    from surveil.store.cameras import list_cameras

    zone = zone_named(asked["zone"])
    reading = None
    said = Filters()
    if text is not None:
        names = [camera.name for camera, _, _ in list_cameras(session)]
        reading = read_text(text, names, datetime.now(zone))
        said = reading.filters
    attributes = {name: list(labels) for name, labels in said.attributes.items()}
    for name, labels in _asked_labels(asked):
        attributes[name] = [*attributes.get(name, []), *labels]
    filters = replace(
        said,
        cameras=tuple(dict.fromkeys([*said.cameras, *asked["cameras"]])),
        after=_time("--after", asked["after"], zone),
        before=_time("--before", asked["before"], zone),
        attributes={name: tuple(dict.fromkeys(labels)) for name, labels in attributes.items()},
        min_confidence=asked["min_confidence"],
    )
    return filters, reading


def _asked_labels(asked: dict[str, Any]) -> Iterable[tuple[str, list[str]]]:
    for attribute in ATTRIBUTES:
        value = asked[attribute.name]
        if isinstance(value, bool):
            yield attribute.name, [BY_NAME[attribute.name].labels[value]]
        elif value:
            yield attribute.name, list(value)


def _time(option: str, value: str | None, zone: ZoneInfo) -> datetime | None:
    if value is None:
        return None
    with suppress(ValueError):
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    raise click.BadParameter(f"{value!r} is no time; write 2026-09-14 or 2026-09-14T08:30", param_hint=option)


def _read_pictures(
    session: Session, settings: Settings, like: tuple[Path, ...], unlike: tuple[Path, ...], number: int | None
) -> tuple[Example | None, dict[str, list[Person]]]:
    """The example that the pictures come to, and the people taken from them by option."""
    if not (like or unlike):
        return None, {}
    if not like:
        raise click.UsageError("--unlike needs --like: say also who is looked for")

    from surveil.device import resolve_device
    from surveil.model.checkpoint import find_weights, load_card
    from surveil.model.embed import AppearanceModel
    from surveil.people.detect import PersonDetector
    from surveil.search.example import describe_example, take_person
    from surveil.search.rank import check_model

    check_model(session, load_card(find_weights(settings.model)).sha256)
    detector = PersonDetector.load(
        settings.detector,
        device=resolve_device(settings.device),
        image_size=settings.detector_image_size,
        min_score=settings.detector_min_score,
        trust=settings.trust_detector,
    )
    people = {
        "like": [take_person(path, lambda image: detector.detect([image])[0], number) for path in like],
        "unlike": [take_person(path, lambda image: detector.detect([image])[0]) for path in unlike],
    }
    model = AppearanceModel.load(settings.model, device=settings.device)
    crops = {option: [person.image for person in taken] for option, taken in people.items()}
    return describe_example(model, crops["like"], crops["unlike"]), people


def _understood(
    text: str | None, filters: Filters, reading: Reading | None, people: dict[str, list[Person]]
) -> dict[str, Any]:
    """What the search was taken to ask, for the user to check."""

    def phrases(found: Iterable[Phrase]) -> list[dict[str, str]]:
        return [{"words": phrase.words, "meaning": phrase.meaning} for phrase in found]

    return {
        "text": text,
        "phrases": phrases(reading.phrases if reading else ()),
        "unknown": phrases(reading.unknown if reading else ()),
        "cameras": filters.cameras,
        "after": filters.after,
        "before": filters.before,
        "when": str(filters.when) if filters.when else None,
        "attributes": dict(filters.attributes),
        "min_confidence": filters.min_confidence,
        "like": [{"picture": person.path, "taken": person.note} for person in people.get("like", ())],
        "unlike": [{"picture": person.path, "taken": person.note} for person in people.get("unlike", ())],
    }


def _in_words(understood: dict[str, Any]) -> str:
    parts = [f"{option} {person['picture'].name}" for option in ("like", "unlike") for person in understood[option]]
    parts += [f"{name.replace('_', ' ')} {' or '.join(labels)}" for name, labels in understood["attributes"].items()]
    if understood["cameras"]:
        parts.append(f"camera {' or '.join(understood['cameras'])}")
    if understood["when"]:
        parts.append(f"{understood['when']} on the camera's clock")
    parts += [f"{name} {understood[name]:%Y-%m-%d %H:%M:%S %Z}" for name in ("after", "before") if understood[name]]
    return "; ".join(parts)


def _draw(
    sheet: Path, matches: list[Match], media: MediaFolder, understood: dict[str, Any], people: dict[str, list[Person]]
) -> None:
    from surveil.cli.matches import cells
    from surveil.search.sheet import Cell, contact_sheet, picture_of, save_sheet

    queries = [
        Cell(picture_of(person.image), (person.path.name, person.note), label=option)
        for option, taken in people.items()
        for person in taken
    ]
    title = f"{len(matches)} {'match' if len(matches) == 1 else 'matches'}"
    save_sheet(contact_sheet([*queries, *cells(matches, media)], title, _in_words(understood)), sheet)


def _print(
    output: str, matches: list[Match], media: MediaFolder, understood: dict[str, Any], passing: dict[str, int] | None
) -> None:
    from surveil.cli.matches import as_json, print_csv, print_table

    if output == "json":
        write_json(
            {"understood": understood, "matches": [as_json(match, media) for match in matches], "passing": passing}
        )
        return
    for option in ("like", "unlike"):
        for person in understood[option]:
            click.echo(f"--{option} {person['picture']}: {person['taken']}", err=True)
    if output == "csv":
        print_csv(matches, media)
    else:
        click.echo(f"Looking for: {_in_words(understood)}", err=True)
    if passing is not None:
        click.echo("Nobody was found. Sightings that pass each filter alone:", err=True)
        for name, count in passing.items():
            click.echo(f"  {count:>6}  {name}", err=True)
    elif output == "table":
        print_table(matches)
