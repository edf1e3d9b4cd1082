"""The part of surveil identities that decides, and that reads what was decided."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from surveil.cli.archive import open_archive
from surveil.cli.output import echo, output_options, write_csv, write_json, write_table

if TYPE_CHECKING:
    from surveil.app.archive import Decisions


def deciding(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every command that decides."""
    by = click.option("--by", metavar="NAME", help="Who decides; else the user of this machine.")
    seen = click.option(
        "--seen",
        metavar="DECISION",
        type=click.IntRange(0),
        help="The newest decision that you knew: refuse if there is a newer one about the same identities.",
    )
    return by(seen(click.pass_context(command)))


def decide(ctx: click.Context, by: str | None, seen: int | None, decision: Callable[[Decisions], int]) -> None:
    """Make a decision, and say which it was."""
    with open_archive(ctx) as archive:
        with archive.decide(by, seen=seen) as decisions:
            number = decision(decisions)
        entry = next(entry for entry in archive.decisions().decisions if entry.decision == number)
    echo(f"decision {number}: {entry.actor} {entry.summary}")


@click.command(name="name")
@click.argument("identity", type=int)
@click.argument("name", required=False)
@deciding
def name_command(ctx: click.Context, identity: int, name: str | None, by: str | None, seen: int | None) -> None:
    """Name IDENTITY; without a NAME, take its name away.

    \b
    Example:
        surveil identities name 7 "the courier"
    """
    decide(ctx, by, seen, lambda decisions: decisions.name(identity, name))


@click.command(name="note")
@click.argument("identity", type=int)
@click.argument("text", required=False)
@deciding
def note_command(ctx: click.Context, identity: int, text: str | None, by: str | None, seen: int | None) -> None:
    """Note TEXT on IDENTITY, in place of what was noted; without a TEXT, take the note away.

    \b
    Example:
        surveil identities note 7 "limps"
    """
    decide(ctx, by, seen, lambda decisions: decisions.note(identity, text))


@click.command(name="hide")
@click.argument("identity", type=int)
@click.option("--show", is_flag=True, help="Show it again.")
@deciding
def hide_command(ctx: click.Context, identity: int, show: bool, by: str | None, seen: int | None) -> None:
    """Leave IDENTITY out of lists.

    \b
    Example:
        surveil identities hide 7
    """
    decide(ctx, by, seen, lambda decisions: decisions.hide(identity, not show))


@click.command(name="picture")
@click.argument("identity", type=int)
@click.argument("sighting", type=int)
@deciding
def picture_command(ctx: click.Context, identity: int, sighting: int, by: str | None, seen: int | None) -> None:
    """Show IDENTITY by one SIGHTING of it.

    \b
    Example:
        surveil identities picture 7 19
    """
    decide(ctx, by, seen, lambda decisions: decisions.set_picture(identity, sighting))


@click.command(name="merge")
@click.argument("identity", type=int)
@click.argument("others", type=int, nargs=-1, required=True)
@deciding
def merge_command(ctx: click.Context, identity: int, others: tuple[int, ...], by: str | None, seen: int | None) -> None:
    """Say that IDENTITY and OTHERS are one person, who keeps the first number.

    \b
    Example:
        surveil identities merge 3 5
    """
    decide(ctx, by, seen, lambda decisions: decisions.merge(identity, others))


@click.command(name="apart")
@click.argument("identity", type=int)
@click.argument("other", type=int)
@deciding
def apart_command(ctx: click.Context, identity: int, other: int, by: str | None, seen: int | None) -> None:
    """Say that IDENTITY and OTHER are not the same, whatever they look like.

    \b
    Example:
        surveil identities apart 3 5
    """
    decide(ctx, by, seen, lambda decisions: decisions.keep_apart(identity, other))


@click.command(name="split")
@click.argument("identity", type=int)
@click.argument("sightings", type=int, nargs=-1, required=True)
@deciding
def split_command(
    ctx: click.Context, identity: int, sightings: tuple[int, ...], by: str | None, seen: int | None
) -> None:
    """Say that some SIGHTINGS of IDENTITY show another person, who gets a number of their own.

    \b
    Example:
        surveil identities split 3 17 19
    """
    decide(ctx, by, seen, lambda decisions: decisions.split(identity, sightings))


@click.command(name="move")
@click.argument("sighting", type=int)
@click.argument("identity", type=int)
@deciding
def move_command(ctx: click.Context, sighting: int, identity: int, by: str | None, seen: int | None) -> None:
    """Say that SIGHTING shows IDENTITY, and not the one it was counted to.

    \b
    Example:
        surveil identities move 17 5
    """
    decide(ctx, by, seen, lambda decisions: decisions.move(sighting, identity))


@click.command(name="undo")
@click.argument("decision", type=int)
@deciding
def undo_command(ctx: click.Context, decision: int, by: str | None, seen: int | None) -> None:
    """Take a DECISION back; its number is in `surveil identities history`.

    \b
    Example:
        surveil identities undo 12
    """
    decide(ctx, by, seen, lambda decisions: decisions.undo(decision))


@click.command(name="history")
@click.argument("identity", type=int, required=False)
@output_options
@click.pass_context
def history_command(ctx: click.Context, identity: int | None, output: str) -> None:
    """List what was decided and by whom, the newest first; of one IDENTITY or of all.

    \b
    Example:
        surveil identities history 7
    """
    with open_archive(ctx) as archive:
        log = archive.decisions(identity)
    if output == "json":
        write_json(log)
        return
    if output == "csv":
        columns = ("decision", "made_at", "actor", "kind", "identities", "summary", "undone_by")
        write_csv((entry.model_dump(mode="json") for entry in log.decisions), columns)
        return
    rows = [
        [
            str(entry.decision),
            f"{entry.made_at:%Y-%m-%d %H:%M:%S}",
            entry.actor,
            entry.summary,
            "" if entry.undone_by is None else f"by {entry.undone_by}",
        ]
        for entry in log.decisions
    ]
    write_table(("decision", "made (UTC)", "by", "what", "undone"), rows, right=("decision",))


@click.command(name="runs")
@output_options
@click.pass_context
def runs_command(ctx: click.Context, output: str) -> None:
    """List the clusterings, the newest first.

    \b
    Example:
        surveil identities runs
    """
    with open_archive(ctx) as archive:
        runs = archive.clusterings()
    if output == "json":
        write_json(runs)
        return
    if output == "csv":
        columns = ("clustering", "made_at", "method", "sightings", "identities", "has_members")
        write_csv((run.model_dump(mode="json") for run in runs.runs), columns)
        return
    rows = [
        [
            str(run.clustering),
            f"{run.made_at:%Y-%m-%d %H:%M:%S}",
            run.method,
            str(run.sightings),
            str(run.identities),
            "" if run.has_members else "not kept",
        ]
        for run in runs.runs
    ]
    headings = ("run", "made (UTC)", "method", "sightings", "identities", "members")
    write_table(headings, rows, right=("run", "sightings", "identities"))


@click.command(name="diff")
@click.argument("before", type=int, required=False)
@click.argument("after", type=int, required=False)
@output_options
@click.pass_context
def diff_command(ctx: click.Context, before: int | None, after: int | None, output: str) -> None:
    """Show what became of identities from run BEFORE to run AFTER (to now); without either, what changed last.

    \b
    Example:
        surveil identities diff 4
    """
    with open_archive(ctx) as archive:
        diff = archive.compare_clusterings(before, after)
    if output == "json":
        write_json(diff)
        return
    if not diff.changes and output == "table":
        echo("Nothing changed.")
        return

    def told(others: tuple[tuple[int | None, int], ...]) -> str:
        return ", ".join(f"{count} ({'new' if other is None else other})" for other, count in others)

    rows = [
        [
            str(change.identity),
            change.name or "",
            str(change.before),
            str(change.after),
            told(change.came),
            told(change.went),
        ]
        for change in diff.changes
    ]
    if output == "csv":
        columns = ("identity", "name", "before", "after", "came", "went")
        write_csv((dict(zip(columns, row, strict=True)) for row in rows), columns)
        return
    headings = ("identity", "name", "before", "after", "came (from)", "went (to)")
    write_table(headings, rows, right=("identity", "before", "after"))


@click.command(name="rollback")
@click.argument("run", type=int)
@click.pass_context
def rollback_command(ctx: click.Context, run: int) -> None:
    """Make clustering RUN the current one again; newer sightings stay what they are, and decisions hold.

    \b
    Example:
        surveil identities rollback 4
    """
    with open_archive(ctx) as archive:
        made = archive.roll_back(run)
    echo(f"The identities are those of run {run} again; this is run {made}.")


DECISION_COMMANDS = (
    name_command,
    note_command,
    hide_command,
    picture_command,
    merge_command,
    apart_command,
    split_command,
    move_command,
    undo_command,
    history_command,
    runs_command,
    diff_command,
    rollback_command,
)
