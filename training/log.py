"""What a run tells of itself while it goes: log.jsonl, the same curves for TensorBoard, and where the time went."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class Log:
    """Appends to log.jsonl in a run's folder and, where TensorBoard is installed, to its event files there.

    Args:
        folder: Of the run; exists.
        step: Where the run begins. Lines of later steps, left by a run that was killed after its last state, go.
        report: Is told once if TensorBoard is missing.
    """

    def __init__(self, folder: Path, step: int, report: Callable[[str], None]) -> None:
        self._path = folder / "log.jsonl"
        if self._path.exists():
            lines = self._path.read_text().splitlines(keepends=True)
            whole = [line for line in lines if line.endswith("\n")]
            self._path.write_text("".join(line for line in whole if json.loads(line)["step"] <= step))
        self._board: SummaryWriter | None = None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            report("only log.jsonl is written: TensorBoard is not installed (extra `training`)")
        else:
            self._board = SummaryWriter(str(folder), purge_step=step + 1)  # type: ignore[no-untyped-call]

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Add the values at a step."""
        with self._path.open("a") as file:
            file.write(json.dumps({"step": step, **values}) + "\n")
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(name, value, step)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Write out what TensorBoard holds back."""
        if self._board is not None:
            self._board.close()  # type: ignore[no-untyped-call]


class Stopwatch:
    """Tells apart what the device's time goes into, without making it wait.

    On CUDA the marks are events in its queue: work that a busy device finds already done costs it nothing, and counts
    as nothing.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._marks: list[tuple[str, float | torch.cuda.Event]] = []

    def mark(self, ended: str) -> None:
        """What was done since the last mark is called `ended`; "" where it does not count."""
        if self._device.type != "cuda":
            self._marks.append((ended, time.perf_counter()))
            return
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record()  # type: ignore[no-untyped-call]
        self._marks.append((ended, event))

    def seconds(self) -> dict[str, float]:
        """Mean seconds of everything of one name since the last call, which waits until the device is done with it."""
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        spent: dict[str, list[float]] = {}
        for (_, before), (name, after) in zip(self._marks, self._marks[1:], strict=False):
            if name:
                spent.setdefault(name, []).append(_between(before, after))
        self._marks.clear()
        return {name: sum(parts) / len(parts) for name, parts in spent.items()}


def _between(before: float | torch.cuda.Event, after: float | torch.cuda.Event) -> float:
    if isinstance(before, float) and isinstance(after, float):
        return after - before
    milliseconds: float = before.elapsed_time(after)  # type: ignore[arg-type,union-attr]
    return milliseconds / 1000
