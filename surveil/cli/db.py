"""surveil db: upgrade and check the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from surveil.cli.output import json_option, write_json

if TYPE_CHECKING:
    from surveil.settings import Settings


@click.group()
def command() -> None:
    """Upgrade and check the database."""


@command.command()
@click.pass_context
def upgrade(ctx: click.Context) -> None:
    r"""Bring the database to the schema of this version, all or nothing. Make a backup first.

    \b
    Example:
        surveil db upgrade
    """
    from surveil.settings import load_settings
    from surveil.store.session import upgrade

    before, after = upgrade(load_settings(database=ctx.obj["database"]).database)
    click.echo(f"The schema is {after} already." if before == after else f"Schema {before or '(empty)'} -> {after}.")


@command.command()
@json_option
@click.pass_context
def check(ctx: click.Context, output: str) -> None:
    r"""Look for damage: the schema, the file, loose references, missing pictures and embeddings.

    Exits with 1 when something is wrong. Pictures that no sighting refers to are counted but are nothing wrong.

    \b
    Example:
        surveil db check
        surveil --database postgresql://reader@host/surveil db check --json
    """
    from surveil.settings import load_settings

    result = _examine(load_settings(database=ctx.obj["database"]))
    if output == "json":
        write_json(result)
    else:
        _print(result)
    if result["problems"]:
        ctx.exit(1)


def _examine(settings: Settings) -> dict[str, Any]:
    import dataclasses

    from surveil.errors import StoreError
    from surveil.store.check import Problem, count_rows, count_unreferenced, find_problems
    from surveil.store.media import media_folder
    from surveil.store.session import Database

    result: dict[str, Any] = {"rows": {}, "unreferenced_pictures": None}
    problems: list[Problem] = []
    try:
        with Database.open(settings.database, create=False) as database:
            media = media_folder(settings, database)
            problems.extend(find_problems(database, media))
            with database.session() as session:
                result["rows"] = count_rows(session)
            result["unreferenced_pictures"] = count_unreferenced(database, media)
    except StoreError as error:
        problems.append(Problem("database", str(error)))
    return result | {"problems": [dataclasses.asdict(problem) for problem in problems]}


def _print(result: dict[str, Any]) -> None:
    for problem in result["problems"]:
        click.echo(f"{problem['check']}: {problem['what']}" + (f" ({problem['count']})" if problem["examples"] else ""))
        for example in problem["examples"]:
            click.echo(f"    {example}")
    if result["rows"]:
        click.echo(", ".join(f"{name} {count}" for name, count in result["rows"].items()))
    if result["unreferenced_pictures"]:
        click.echo(f"{result['unreferenced_pictures']} pictures in the media folder belong to no sighting")
    if not result["problems"]:
        click.echo("Nothing is wrong.")
