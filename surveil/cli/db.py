"""surveil db: upgrade and check the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from surveil.cli.archive import open_archive
from surveil.cli.output import echo, output_options, write_csv, write_json

if TYPE_CHECKING:
    from surveil.app import CheckResult


@click.group()
def command() -> None:
    """Upgrade and check the database."""


@command.command()
@click.pass_context
def upgrade(ctx: click.Context) -> None:
    """Bring the database to the schema of this version, all or nothing. Make a backup first.

    Where the model that it is searched with no longer comes with this version, says how to switch.

    \b
    Example:
        surveil db upgrade
    """
    with open_archive(ctx) as archive:
        schema = archive.upgrade()
        models = archive.model_list().models if archive.settings.model is None else ()
    if schema.before == schema.after:
        echo(f"The schema is {schema.after} already.")
    else:
        echo(f"Schema {schema.before or '(empty)'} -> {schema.after}.")
    for model in models:
        if model.in_use and not model.ships:
            echo(
                f"It is searched with {model.name} ({model.sha256[:12]}), which does not come with this version. "
                "Before it ingests, or searches by picture, switch to one that does: surveil model use "
                "(see surveil model list)."
            )


@command.command()
@click.option("--repair", is_flag=True, help="Delete pictures that belong to no sighting, and half-written files.")
@output_options
@click.pass_context
def check(ctx: click.Context, repair: bool, output: str) -> None:
    """Look for damage: the schema, the file, loose references, missing and damaged pictures, missing embeddings.

    Exits with 1 when something is wrong. Pictures that no sighting refers to are counted but are nothing wrong;
    --repair deletes those that are older than an hour (a day while footage is ingested).

    \b
    Example:
        surveil db check
        surveil db check --repair
        surveil --database postgresql://reader@host/surveil db check --json
    """
    with open_archive(ctx) as archive:
        result = archive.check(repair=repair)
    if output == "json":
        write_json(result)
    elif output == "csv":
        problems = (problem.model_dump(mode="json") for problem in result.problems)
        write_csv(problems, ("check", "what", "count", "examples"))
    else:
        _print(result)
    if result.problems:
        ctx.exit(1)


def _print(result: CheckResult) -> None:
    for problem in result.problems:
        echo(f"{problem.check}: {problem.what}" + (f" ({problem.count})" if problem.examples else ""))
        for example in problem.examples:
            echo(f"    {example}")
    if result.rows:
        echo(", ".join(f"{name} {count}" for name, count in result.rows.items()))
    if result.unreferenced_pictures:
        echo(f"{result.unreferenced_pictures} pictures in the media folder belong to no sighting")
    if result.partial_files:
        echo(f"{result.partial_files} files in the media folder are half written")
    if result.collected_files is not None:
        echo(f"{result.collected_files} of these files were deleted")
    if not result.problems:
        echo("Nothing is wrong.")
