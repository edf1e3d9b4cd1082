"""surveil cluster: group sightings into identities."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

import click

from surveil.cli.archive import open_archive
from surveil.cli.output import echo, output_options, write_csv, write_json
from surveil.cli.parameters import INTERVAL

if TYPE_CHECKING:
    from surveil.app import ClusteringResult


@click.command()
@click.option(
    "--threshold",
    metavar="S",
    type=click.FloatRange(-1, 1),
    help="Least mean similarity of two groups that are one person; else the model's own [setting: cluster_threshold].",
)
@click.option(
    "--method",
    type=click.Choice(["graph", "k-means", "agglomerative"]),
    default="graph",
    show_default=True,
    help="How to group; the last two are the report's and must be told --people.",
)
@click.option("--people", metavar="N", type=click.IntRange(1), help="How many people there are, where it is known.")
@click.option(
    "--every",
    metavar="INTERVAL",
    type=INTERVAL,
    help="Go on, and group again at this interval (30m, 1h) whenever something is new; method graph only.",
)
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    threshold: float | None,
    method: Literal["graph", "k-means", "agglomerative"],
    people: int | None,
    every: float | None,
    output: str,
) -> None:
    """Group all sightings into identities.

    Two people who were in one picture at the same time are never one identity. Each run is stored as a clustering of
    its own; an identity keeps its number and its name, and goes to the group that holds most of its sightings.

    Exit codes: 0 done; 1 the sightings cannot be grouped; 2 the call is wrong.

    \b
    Example:
        surveil cluster --threshold 0.55
    """
    if every is not None and (method != "graph" or people is not None):
        raise click.UsageError("--every goes with the method graph only")
    with open_archive(ctx, cluster_threshold=threshold) as archive:
        while every is not None:
            if not archive.is_clustered():
                _print(archive.cluster(), output, "")
            time.sleep(every)
        _print(archive.cluster(method, people=people), output, f"{method}, {people} people")


def _print(outcome: ClusteringResult, output: str, told: str) -> None:
    if output == "json":
        write_json(outcome)
        return
    if output == "csv":
        write_csv([outcome.model_dump(mode="json")], list(type(outcome).model_fields))
        return
    echo(outcome_in_words(outcome, told))


def outcome_in_words(outcome: ClusteringResult, told: str = "") -> str:
    """What a clustering came to; `told` is what a method without a threshold was told."""
    told = f"threshold {outcome.threshold:g}" if outcome.threshold is not None else told
    return (
        f"{outcome.identities} identities of {outcome.sightings} sightings in {outcome.seconds:.1f} s "
        f"({told}): the largest has {outcome.largest}, {outcome.single} have one; "
        f"{outcome.kept_apart} pairs were in one picture and kept apart."
    )
