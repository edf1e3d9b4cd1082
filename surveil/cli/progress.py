"""Progress of long work on standard error: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from surveil.cli.output import echo
from surveil.formatting import printable

if TYPE_CHECKING:
    from rich.progress import Progress


class ProgressLine:
    """Where long work says how far it is; elsewhere than on a terminal only what stays is printed."""

    def __init__(self, idle: str, bar: Progress | None) -> None:
        self._idle, self._bar = idle, bar
        self._step = idle
        self._task = bar.add_task(idle, total=None) if bar else None

    def step(self, name: str, done: float, total: float = 1.0) -> None:
        """So much of a step is done; another name begins another step."""
        if self._bar is None or self._task is None:
            return
        if name != self._step:
            self._step = name
            self._bar.reset(self._task, total=total, description=printable(name))
        self._bar.update(self._task, completed=done)

    def say(self, line: str) -> None:
        """A line that stays; the step it speaks of is over."""
        if self._bar is None or self._task is None:
            echo(line, err=True)
            return
        self._bar.console.print(printable(line), markup=False, highlight=False, soft_wrap=True)
        self._step = self._idle
        self._bar.reset(self._task, total=None, description=self._idle)


@contextmanager
def progress_line(idle: str) -> Iterator[ProgressLine]:
    """A line of progress while the block runs.

    Args:
        idle: What it says before the first step and between two.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield ProgressLine(idle, None)
        return
    columns = TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as bar:
        yield ProgressLine(idle, bar)
