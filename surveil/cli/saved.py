"""surveil saved: list, run, watch and forget saved searches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from surveil.cli.archive import open_archive
from surveil.cli.output import echo, output_options, write_csv, write_json, write_table

if TYPE_CHECKING:
    from surveil.app import SearchRequest

HISTORY = ("made_at", "found", "asks_for")


@click.group()
def command() -> None:
    """List, run, watch and forget saved searches; see what was searched. To save: surveil search ... --save NAME."""


@command.command(name="list")
@output_options
@click.pass_context
def list_command(ctx: click.Context, output: str) -> None:
    """List the saved searches and what they ask for.

    \b
    Example:
        surveil saved list --json
    """
    with open_archive(ctx) as archive:
        result = archive.saved_searches()
    if output == "json":
        write_json(result)
        return
    rows = [[saved.name, "yes" if saved.watch else "", _asked(saved.request)] for saved in result.searches]
    columns = ("name", "watched", "asks for")
    if output == "csv":
        write_csv((dict(zip(columns, row, strict=True)) for row in rows), columns)
    else:
        write_table(columns, rows)


@command.command(name="run")
@click.argument("name")
@click.option("--sheet", metavar="OUT.png", type=click.Path(path_type=Path), help="Draw a contact sheet.")
@output_options
@click.pass_context
def run_command(ctx: click.Context, name: str, sheet: Path | None, output: str) -> None:
    """Search as a saved search says.

    \b
    Example:
        surveil saved run "red tops at the gate" --sheet found.png
    """
    from surveil.cli.search import print_result

    with open_archive(ctx) as archive:
        result = archive.run_saved(name)
        if sheet:
            archive.draw_sheet(result, sheet)
    print_result(output, result)


@command.command(name="watch")
@click.argument("name")
@click.option("--webhook", metavar="URL", help="Tell each hit there: on this machine, or a host of webhook_hosts.")
@click.option("--stop", is_flag=True, help="Do not watch it any more, and tell nobody.")
@click.pass_context
def watch_command(ctx: click.Context, name: str, webhook: str | None, stop: bool) -> None:
    """Run a saved search on footage as it is ingested.

    With --webhook each hit is sent there as JSON, signed with a secret that is printed this once (docs/webhooks.md).

    \b
    Example:
        surveil saved watch "red tops at the gate" --webhook http://localhost:9000/hits
    """
    if stop and webhook:
        raise click.UsageError("give --webhook or --stop, not both")
    with open_archive(ctx) as archive:
        saved = archive.watch_search(name, watch=not stop, webhook=webhook)
    echo(f"{name}: {'not watched' if stop else 'watched'}")
    if saved.secret:
        echo(f"Hits are signed with the secret {saved.secret}")


@command.command(name="forget")
@click.argument("name")
@click.pass_context
def forget_command(ctx: click.Context, name: str) -> None:
    """Forget a saved search.

    \b
    Example:
        surveil saved forget "red tops at the gate"
    """
    with open_archive(ctx) as archive:
        archive.forget_search(name)
    echo(f"Forgotten: {name}")


@command.command(name="history")
@click.option("--limit", metavar="N", type=click.IntRange(1), default=50, show_default=True, help="Searches at most.")
@click.option("--forget", is_flag=True, help="Forget all of them instead.")
@output_options
@click.pass_context
def history_command(ctx: click.Context, limit: int, forget: bool, output: str) -> None:
    """List the searches that were made, the newest first: when, how many were found, and what was asked.

    The setting search_history says how many are remembered.

    \b
    Example:
        surveil saved history
        surveil saved history --forget
    """
    with open_archive(ctx) as archive:
        if forget:
            echo(f"Forgotten: {archive.forget_search_history()} searches")
            return
        history = archive.search_history(limit)
    if output == "json":
        write_json(history)
        return
    rows = [
        [f"{past.made_at:%Y-%m-%d %H:%M:%S}", f"{past.found}{'+' if past.more else ''}", _asked(past.request)]
        for past in history.searches
    ]
    if output == "csv":
        write_csv((dict(zip(HISTORY, row, strict=True)) for row in rows), HISTORY)
    else:
        write_table(("made (UTC)", *HISTORY[1:]), rows, right=("found",))


def _asked(request: SearchRequest) -> str:
    """What a search asks for, in the names of its fields."""
    fields = request.model_dump(mode="json", exclude_defaults=True)
    return "; ".join(f"{name} {value}" for name, value in fields.items()) or "everybody"
