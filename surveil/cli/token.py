"""surveil token: API tokens, with which programs act for a user."""

from __future__ import annotations

import click

from surveil.cli.accounts import keeping_accounts
from surveil.cli.archive import open_archive
from surveil.cli.output import echo, output_options, write_csv, write_json, write_table

COLUMNS = ("token", "user", "name", "scopes", "made_at", "expires_at", "revoked_at")


@click.group()
def command() -> None:
    """Keep the API tokens, with which programs act for a user."""


@command.command(name="create")
@click.argument("user")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    metavar="ACTION",
    help="An action that it allows, such as search or see; may be repeated.",
)
@click.option("--days", type=float, default=90.0, show_default=True, help="For how long it holds, at most 366.")
@output_options
@click.pass_context
def create_command(ctx: click.Context, user: str, name: str, scopes: tuple[str, ...], days: float, output: str) -> None:
    """Make an API token for USER. Its secret is printed this once and is stored nowhere.

    It allows the actions that are asked for, as far as the user may do them: search, see, decide, save, case, export,
    ingest, camera, audit, delete, accounts.

    \b
    Example:
        surveil token create maria "nightly report" --scope search --scope see
    """
    what = {"token for": user, "name": name, "scopes": list(scopes), "days": days}
    with keeping_accounts(ctx, what) as archive:
        made = archive.accounts.make_token(user, name, scopes, days=days)
    if output == "json":
        write_json(made)
    elif output == "csv":
        write_csv([made.model_dump(mode="json")], (*COLUMNS, "secret"))
    else:
        echo(f"Token {made.token} of {made.user}, until {made.expires_at:%Y-%m-%d %H:%M} UTC:")
        echo(made.secret)


@command.command(name="list")
@click.option("--user", metavar="NAME", help="Only the tokens of this user.")
@output_options
@click.pass_context
def list_command(ctx: click.Context, user: str | None, output: str) -> None:
    """List the API tokens.

    \b
    Example:
        surveil token list --user maria
    """
    with open_archive(ctx) as archive:
        result = archive.accounts.tokens(user)
    if output == "json":
        write_json(result)
        return
    if output == "csv":
        write_csv((token.model_dump(mode="json") for token in result.tokens), COLUMNS)
        return
    rows = [
        [
            str(token.token),
            token.user,
            token.name,
            " ".join(token.scopes),
            f"{token.expires_at:%Y-%m-%d %H:%M}",
            f"{token.revoked_at:%Y-%m-%d %H:%M}" if token.revoked_at else "",
        ]
        for token in result.tokens
    ]
    write_table(("token", "user", "name", "scopes", "expires (UTC)", "revoked (UTC)"), rows, right=("token",))


@command.command(name="revoke")
@click.argument("number", type=int)
@click.pass_context
def revoke_command(ctx: click.Context, number: int) -> None:
    """Revoke the API token of a number.

    \b
    Example:
        surveil token revoke 3
    """
    with keeping_accounts(ctx, {"revoke token": number}) as archive:
        revoked = archive.accounts.revoke_token(number)
    echo(f"Revoked: token {number} of {revoked.user}")
