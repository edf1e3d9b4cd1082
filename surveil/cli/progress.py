"""Progress of long work on standard error: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from surveil.cli.output import echo
from surveil.formatting import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class ProgressLine:
    """Where long work says how far it is, from any thread; elsewhere than on a terminal only what stays is printed."""

    def __init__(self, idle: str, bar: Progress | None) -> None:
        self._bar = bar
        self._steps: dict[str, TaskID] = {}
        self._lock = threading.Lock()
        if bar is not None:
            self._waiting = bar.add_task(idle, total=None)

    def step(self, name: str, done: float, total: float = 1.0) -> None:
        """So much of a step is done; steps that are begun before others are over are shown below each other."""
        if self._bar is None:
            return
        with self._lock:
            if name not in self._steps:
                self._steps[name] = self._bar.add_task(printable(name), total=total)
                self._bar.update(self._waiting, visible=False)
            self._bar.update(self._steps[name], completed=done)

    def say(self, line: str, over: str | None = None) -> None:
        """A line that stays.

        Args:
            line: The line.
            over: The step that is over with it.
        """
        if self._bar is None:
            echo(line, err=True)
            return
        self._bar.console.print(printable(line), markup=False, highlight=False, soft_wrap=True)
        with self._lock:
            if over in self._steps:
                self._bar.remove_task(self._steps.pop(over))
                if not self._steps:
                    self._bar.reset(self._waiting, visible=True)


@contextmanager
def progress_line(idle: str) -> Iterator[ProgressLine]:
    """Progress while the block runs.

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
