"""Footage full of people: the whole ingest against the detector alone, and against bare forward passes."""

from __future__ import annotations

from pathlib import Path

from surveil.cli.output import write_table
from tools.bench_ingest.bench import Bench, Taken
from tools.bench_ingest.stages import Stages, take_apart

STAGES = ("decode", "detect", "track", "describe", "write")
AGAINST = (
    "footage",
    "frames",
    "crops",
    "sightings",
    *(f"{stage} CPU s" for stage in STAGES),
    "whole CPU s",
    "detector / whole, CPU",
    "detector s",
    "whole s",
    "detector / whole, clock",
)
CHAIN = (
    "footage",
    "bare frames/s",
    "bare crops/s",
    "chain frames/s",
    "chain crops/s",
    "bare / chain",
    "decoding s",
    "detecting s",
    "of it forward",
    "the rest s",
    "of it forward",
    "bottleneck",
)


def measure(bench: Bench, footage: list[Path], rounds: int) -> None:
    """Print both tables: a line for each video, and one for all of them."""
    taken = {path.name: take_apart(bench, path, rounds) for path in footage}
    if len(taken) > 1:
        taken["all"] = _sum(list(taken.values()))
    write_table(AGAINST, [_against(name, stages) for name, stages in taken.items()], right=AGAINST[1:])
    print()
    write_table(CHAIN, [_chain(name, stages) for name, stages in taken.items()], right=CHAIN[1:-1])


def _against(name: str, stages: Stages) -> list[str]:
    detect, whole = stages.taken["detect"], stages.taken["whole"]
    return [
        name,
        str(stages.frames),
        str(stages.crops),
        str(stages.sightings),
        *(f"{stages.taken[stage].cpu:.2f}" for stage in STAGES),
        f"{whole.cpu:.2f}",
        f"{detect.cpu / whole.cpu:.2f}",
        f"{detect.clock:.1f}",
        f"{whole.clock:.1f}",
        f"{detect.clock / whole.clock:.2f}",
    ]


def _chain(name: str, stages: Stages) -> list[str]:
    """Three threads work at once: one decodes, one detects, one does the rest; the slowest is the bottleneck."""
    clock = {stage: max(taken.clock, 1e-9) for stage, taken in stages.taken.items()}
    rest = clock["track"] + clock["describe"] + clock["write"]
    threads = {"decoding": clock["decode"], "detecting": clock["detect"], "the rest": rest}
    bare = clock["forward"] + clock["embed"]
    return [
        name,
        f"{stages.frames / clock['forward']:.1f}",
        f"{stages.crops / clock['embed']:.1f}",
        f"{stages.frames / clock['whole']:.1f}",
        f"{stages.crops / clock['whole']:.1f}",
        f"{bare / clock['whole']:.2f}",
        f"{clock['decode']:.1f}",
        f"{clock['detect']:.1f}",
        f"{clock['forward'] / clock['detect']:.2f}",
        f"{rest:.1f}",
        f"{clock['embed'] / rest:.2f}",
        max(threads, key=lambda thread: threads[thread]),
    ]


def _sum(parts: list[Stages]) -> Stages:
    taken = {
        stage: Taken(sum(part.taken[stage].clock for part in parts), sum(part.taken[stage].cpu for part in parts))
        for stage in parts[0].taken
    }
    frames, crops, sightings = (
        sum(part.frames for part in parts),
        sum(part.crops for part in parts),
        sum(part.sightings for part in parts),
    )
    return Stages(frames, crops, sightings, taken)
