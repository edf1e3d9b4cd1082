"""Bars on a terminal: one for each step that has begun and is not over."""

import io

from rich.console import Console
from rich.progress import Progress

from surveil.cli.progress import ProgressLine


def shown(bar):
    return [(task.description, task.completed) for task in bar.tasks if task.visible]


def test_each_step_has_a_bar_until_its_line_is_said():
    bar = Progress(console=Console(file=io.StringIO()))
    line = ProgressLine("looking", bar)
    assert shown(bar) == [("looking", 0)]
    line.step("a.mp4", 0.1)
    line.step("b.mp4", 0.2)
    line.step("a.mp4", 0.3)
    line.say("how it goes")
    assert shown(bar) == [("a.mp4", 0.3), ("b.mp4", 0.2)]
    line.say("done: a.mp4", over="a.mp4")
    line.say("skipped: c.mp4", over="c.mp4")
    assert shown(bar) == [("b.mp4", 0.2)]
    line.say("done: b.mp4", over="b.mp4")
    assert shown(bar) == [("looking", 0)]
