"""The commands. Each lives in a file of its own and is imported only when it is called, so that --help is instant."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import sys

import click

from surveil import __version__
from surveil.errors import SurveilError

COMMANDS = {
    "ingest": "Find the people in footage and store what they look like.",
    "search": "Find people by what they look like, or by a picture.",
    "saved": "List, run, watch and forget saved searches.",
    "cluster": "Group sightings into identities.",
    "identities": "List and show identities.",
    "evaluate": "Measure the model on a benchmark.",
    "status": "Show the footage in the database and its state.",
    "footage": "List, forget, redo and correct footage.",
    "model": "List the models that describe people; use another one.",
    "camera": "List cameras; set their zone and clock offset.",
    "case": "Gather sightings and footage in cases.",
    "evidence": "Export a case as a signed package; verify one.",
    "retention": "Delete those whose cameras are not to keep them any longer.",
    "forget": "Delete a person.",
    "user": "Keep the accounts of those who may use the archive.",
    "token": "Keep the API tokens, with which programs act for a user.",
    "audit": "Read and verify the record of what was done.",
    "db": "Upgrade and check the database.",
    "serve": "Serve the desk in a browser, and the API.",
}
"""Name and help line of each command; surveil.cli.NAME defines it as `command`."""


GC_THRESHOLD = 50_000
"""New objects between two collections of garbage: at Python's own threshold (700) a tenth of the start of a command is
spent on looking for garbage among what is just being imported."""


class LazyGroup(click.Group):
    """Imports a command's module when it is called, not when help lists it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"surveil.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="surveil")
@click.option("--database", metavar="URL", help="Where the sightings are stored [env: SURVEIL_DATABASE].")
@click.option("--config", metavar="FILE", help="Settings file [env: SURVEIL_CONFIG; else the user's surveil.toml].")
@click.pass_context
def surveil(ctx: click.Context, database: str | None, config: str | None) -> None:
    """Search recorded surveillance footage by what people look like."""
    from surveil.cli.output import print_log_safely

    print_log_safely()
    ctx.obj = {"database": database, "config": config}


def main() -> None:
    """Run a command. Exit codes: 0 done, 1 something failed (the message says what), 2 the call is wrong."""
    gc.set_threshold(GC_THRESHOLD)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "true")  # it would look for some in every installed package
    try:
        surveil(standalone_mode=True)
    except SurveilError as error:
        from surveil.cli.output import echo

        echo(f"Error: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        click.echo("Error: what was asked for cannot be written to standard output: no space left on device.", err=True)
        sys.exit(1)
    finally:
        gc.freeze()  # nothing that is left is looked through for garbage at the end of the process, which ends at once
