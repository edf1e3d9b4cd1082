"""surveil audit: what was done, by whom and why, and whether that record is whole."""

from __future__ import annotations

import json

import click

from surveil.cli.archive import open_archive
from surveil.cli.output import echo, output_options, write_csv, write_json, write_table

COLUMNS = ("number", "made_at", "actor", "action", "reason", "what", "hash")


@click.group()
def command() -> None:
    """Read and verify the record of what was done, by whom and why."""


@command.command(name="list")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many at most.")
@click.option("--actor", metavar="NAME", help="Only what somebody did.")
@click.option("--action", metavar="ACTION", help="Only one kind: search, see, decide, export, delete ...")
@output_options
@click.pass_context
def list_command(ctx: click.Context, limit: int, actor: str | None, action: str | None, output: str) -> None:
    """List what was done, the newest first.

    \b
    Example:
        surveil audit list --actor maria --action search
    """
    with open_archive(ctx) as archive:
        page = archive.audit.list(limit=limit, actor=actor, action=action)
    if output == "json":
        write_json(page)
        return
    if output == "csv":
        write_csv(
            (record.model_dump(mode="json") | {"what": json.dumps(record.what)} for record in page.records), COLUMNS
        )
        return
    rows = [
        [
            str(record.number),
            f"{record.made_at:%Y-%m-%d %H:%M:%S}",
            record.actor,
            record.action,
            record.reason or "",
            json.dumps(record.what, ensure_ascii=False),
        ]
        for record in page.records
    ]
    write_table(("record", "when (UTC)", "who", "action", "reason", "what"), rows, right=("record",))
    echo(f"Head: {page.head}")


@command.command(name="verify")
@click.option("--head", metavar="COUNT:HASH", help="A head that was noted elsewhere, and must be in the chain.")
@output_options
@click.pass_context
def verify_command(ctx: click.Context, head: str | None, output: str) -> None:
    """Verify that no record was changed, removed, inserted or moved. Exit code 1 if one was.

    The head is printed: note it elsewhere, and give it next time. Only so is it found when somebody who may write to
    the database cuts off the end, or makes all of it anew.

    \b
    Example:
        surveil audit verify
    """
    with open_archive(ctx) as archive:
        verified = archive.audit.verify(head)
    if output == "json":
        write_json(verified)
    elif output == "csv":
        write_csv((broken.model_dump(mode="json") for broken in verified.breaks), ("number", "what"))
    else:
        for broken in verified.breaks:
            echo(f"{f'record {broken.number}' if broken.number else 'end'}: {broken.what}")
        echo(f"{'BROKEN' if verified.breaks else 'whole'}: {verified.records} records")
        echo(f"Head: {verified.head}")
    if verified.breaks:
        ctx.exit(1)
