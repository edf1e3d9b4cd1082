"""surveil user: the accounts of `surveil serve`."""

from __future__ import annotations

import click

from surveil.cli.accounts import ask_password, keeping_accounts
from surveil.cli.archive import open_archive
from surveil.cli.output import echo, output_options, write_csv, write_json, write_table

COLUMNS = ("name", "role", "cameras", "made_at", "disabled_at")
ROLE = click.argument("role", metavar="ROLE")


@click.group()
def command() -> None:
    """Keep the accounts of `surveil serve`.

    ROLE is viewer (searches and looks), investigator (also decides about identities, keeps cases, exports), supervisor
    (also ingests, sets cameras, deletes, reads the audit) or admin (also keeps accounts).
    """


@command.command(name="list")
@output_options
@click.pass_context
def list_command(ctx: click.Context, output: str) -> None:
    """List the accounts.

    \b
    Example:
        surveil user list --json
    """
    with open_archive(ctx) as archive:
        result = archive.accounts.users()
    if output == "json":
        write_json(result)
        return
    if output == "csv":
        write_csv((user.model_dump(mode="json") for user in result.users), COLUMNS)
        return
    rows = [[user.name, user.role, _cameras(user.cameras), _since(user.disabled_at)] for user in result.users]
    write_table(("name", "role", "cameras", "disabled (UTC)"), rows)
    for role, cameras in result.role_cameras.items():
        echo(f"Role {role}: {_cameras(cameras)}")


@command.command(name="add")
@click.argument("name")
@ROLE
@click.option(
    "--camera", "cameras", multiple=True, metavar="NAME", help="The only camera they may see; may be repeated."
)
@click.pass_context
def add_command(ctx: click.Context, name: str, role: str, cameras: tuple[str, ...]) -> None:
    """Add an account. The password is asked for, or read from standard input.

    \b
    Example:
        surveil user add maria investigator --camera gate
    """
    password = ask_password()
    with keeping_accounts(ctx, {"add": name, "role": role, "cameras": list(cameras) or None}, create=True) as archive:
        archive.accounts.add(name, password, role, cameras=cameras or None)
    echo(f"{name}: {role}")


@command.command(name="role")
@click.argument("name")
@ROLE
@click.pass_context
def role_command(ctx: click.Context, name: str, role: str) -> None:
    """Give an account another role, from its next request on.

    \b
    Example:
        surveil user role maria supervisor
    """
    with keeping_accounts(ctx, {"account": name, "role": role}) as archive:
        archive.accounts.set_role(name, role)
    echo(f"{name}: {role}")


@command.command(name="password")
@click.argument("name")
@click.pass_context
def password_command(ctx: click.Context, name: str) -> None:
    """Set an account's password, asked for or read from standard input; it is signed out everywhere.

    \b
    Example:
        surveil user password maria
    """
    password = ask_password()
    with keeping_accounts(ctx, {"account": name, "password": "set"}) as archive:
        archive.accounts.set_password(name, password)
    echo(f"{name}: the password is set")


@command.command(name="cameras")
@click.argument("name")
@click.argument("cameras", nargs=-1, metavar="[CAMERA]...")
@click.option("--all", "every", is_flag=True, help="All cameras.")
@click.option("--role", "of_role", is_flag=True, help="NAME is a role: for everybody who has it.")
@click.pass_context
def cameras_command(ctx: click.Context, name: str, cameras: tuple[str, ...], every: bool, of_role: bool) -> None:
    """Say which cameras an account or a role may see; an account sees those that its role may see too.

    \b
    Example:
        surveil user cameras maria gate hall
        surveil user cameras viewer --role gate
        surveil user cameras maria --all
    """
    if bool(cameras) == every:
        raise click.UsageError("give cameras, or --all")
    granted = None if every else cameras
    what = {"role" if of_role else "account": name, "cameras": list(cameras) or None}
    with keeping_accounts(ctx, what) as archive:
        if of_role:
            archive.accounts.set_role_cameras(name, granted)
        else:
            archive.accounts.set_cameras(name, granted)
    echo(f"{name}: {_cameras(granted)}")


@command.command(name="disable")
@click.argument("name")
@click.option("--undo", is_flag=True, help="Let the account sign in again.")
@click.pass_context
def disable_command(ctx: click.Context, name: str, undo: bool) -> None:
    """Disable an account: it is signed out, may not sign in, and its API tokens are revoked.

    \b
    Example:
        surveil user disable maria
    """
    with keeping_accounts(ctx, {"account": name, "disabled": not undo}) as archive:
        archive.accounts.disable(name, not undo)
    echo(f"{name}: {'may sign in' if undo else 'disabled'}")


def _cameras(cameras: tuple[str, ...] | None) -> str:
    return "all" if cameras is None else ", ".join(cameras) or "none"


def _since(time: object) -> str:
    return f"{time:%Y-%m-%d %H:%M}" if time else ""
