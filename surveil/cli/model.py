"""surveil model: list the appearance models, and switch to another one."""

from __future__ import annotations

import click

from surveil.cli.archive import open_archive
from surveil.cli.output import echo, output_options, write_csv, write_json, write_table
from surveil.cli.progress import progress_line
from surveil.cli.signals import stop_on_signals

STOPPED = 3


@click.group()
def command() -> None:
    """List the models that describe people; use another one."""


@command.command(name="list")
@output_options
@click.pass_context
def list_command(ctx: click.Context, output: str) -> None:
    """List the models that ship, and those that have described the sightings of the database.

    \b
    Example:
        surveil model list
    """
    with open_archive(ctx) as archive:
        result = archive.model_list()
    if output == "json":
        write_json(result)
        return
    if output == "csv":
        write_csv([model.model_dump(mode="json") for model in result.models], list(type(result.models[0]).model_fields))
        return
    rows = [
        [model.name, model.sha256[:12], "yes" if model.in_use else "", f"{model.described} of {result.sightings}"]
        for model in result.models
    ]
    write_table(("model", "sha256", "in use", "sightings described"), rows, right=("sightings described",))


@command.command(name="use")
@click.argument("name")
@click.option("--leave-out", is_flag=True, help="Switch although sightings have no picture that can be read.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), help="What runs the network.")
@click.pass_context
def use_command(ctx: click.Context, name: str, leave_out: bool, device: str | None) -> None:
    """Describe all stored sightings with another model, then search by it.

    NAME is a model that ships (`surveil model list`), or the path of its weights. Searches and ingests go on meanwhile
    with the old model; the switch is one step at the end. Interrupted, it goes on where it stopped. What was decided
    about identities stays.

    Exit codes: 0 searches go by the model now; 1 it cannot be used; 3 it was stopped before the switch.

    \b
    Example:
        surveil model use resnet34-attention
        surveil cluster
    """
    with (
        open_archive(ctx, device=device) as archive,
        progress_line("looking for sightings") as line,
        stop_on_signals() as stop,
    ):
        outcome = archive.use_model(
            name,
            progress=lambda done, total: line.step(f"describing with {name}", done, total),
            stop=stop,
            leave_out=leave_out,
        )
        named = archive.settings.model
    echo(f"{outcome.described} sightings were described with {outcome.model}.")
    if not outcome.switched:
        echo("Stopped before the switch: searches go by the old model. The same command goes on with what is left.")
        ctx.exit(STOPPED)
    echo(f"Searches go by {outcome.model} now.")
    if outcome.left_out:
        echo(f"{outcome.left_out} sightings without a picture that can be read are not found any more.")
    if named not in (None, name):
        echo(f"The setting model (SURVEIL_MODEL) still says {named}: remove it, or set it to {name}.")
    if not outcome.clustered:
        echo("The identities are those of before; to group again with this model: surveil cluster")
