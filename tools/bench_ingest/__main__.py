"""python -m tools.bench_ingest [CLIP OR FOLDER]...: see `--help`; `make bench-ingest` runs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from tools.bench_ingest import at_once, busy, gate, idle, loops, memory
from tools.bench_ingest.bench import Bench

SAMPLE = Path(__file__).parents[2] / "sample_data" / "footage"
PARTS = ("idle", "gate", "busy", "at-once", "runtimes", "loops", "memory")


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--part", "parts", multiple=True, type=click.Choice(PARTS), default=PARTS[:-1], show_default=True)
@click.option("--device", default="cpu", show_default=True, help="Where the networks run: auto, cpu or cuda.")
@click.option("--rounds", default=3, show_default=True, help="Times that everything is run, the best of which counts.")
@click.option("--seconds", default=10.0, show_default=True, help="Of each clip that the loops work through.")
@click.option("--hours", default=3.0, show_default=True, help="Length of the film for the memory.")
@click.option("--at-once", "numbers", multiple=True, default=(1, 4), show_default=True, help="Pieces at once.")
@click.option("--copies", default=4, show_default=True, help="Of each MP4, for the pieces at once.")
def main(
    paths: tuple[Path, ...],
    parts: tuple[str, ...],
    device: str,
    rounds: int,
    seconds: float,
    hours: float,
    numbers: tuple[int, ...],
    copies: int,
) -> None:
    """Measure an ingest beside what it cannot do without, on clips or folders of them (default: the sample footage).

    Every figure is a ratio within one run, in turns; processor time is what counts where the machine has other work.
    """
    footage = [clip for path in paths or (SAMPLE,) for clip in (sorted(path.iterdir()) if path.is_dir() else [path])]
    bench = Bench(device)
    measure: dict[str, Callable[[], None]] = {
        "idle": lambda: idle.measure(bench, footage, rounds),
        "gate": lambda: gate.measure(bench, footage),
        "busy": lambda: busy.measure(bench, footage, rounds),
        "at-once": lambda: at_once.measure(bench, footage, copies, rounds, numbers),
        "runtimes": _runtimes,
        "loops": lambda: loops.measure(footage, seconds),
        "memory": lambda: memory.measure(bench, footage, hours),
    }
    for part in parts:
        print(f"\n{part}", flush=True)
        measure[part]()


def _runtimes() -> None:
    from tools.bench_ingest import runtimes  # it imports PyTorch, which an ingest does without, and memory is measured

    runtimes.measure()


if __name__ == "__main__":
    main()
