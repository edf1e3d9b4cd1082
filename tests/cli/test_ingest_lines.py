"""The lines of an ingest: what became of each piece, and what the watched searches found, in the order of events."""

from pathlib import Path

import pytest

from surveil.app import FootageReport, WatchResult
from surveil.cli.ingest_lines import follow


class Lines:
    """A progress line that keeps what it was told."""

    def __init__(self):
        self.said, self.over = [], []

    def say(self, text, over=None):
        self.said.append(text)
        self.over.append(over)


class Watching:
    """An archive in which a watched search finds something in each piece, and that has one piece left by the dead."""

    def __init__(self):
        self.left = [WatchResult(name="red", footage=Path("/left.mp4"), result=None, error="no camera is called 'x'")]
        self.asked = []

    def watched(self, footage=None):
        self.asked.append(footage)
        if footage is None:
            found, self.left = self.left, []
            return iter(found)
        return iter([WatchResult(name="red", footage=footage, result=None, error="gone", webhook_error=None)])


def report(state, **more):
    return FootageReport(Path(f"/{state}.mp4"), "gate", state, **more)


def test_every_end_of_a_piece_has_its_line():
    pieces = [
        report("failed", error="/failed.mp4: no video in it"),
        report("known", remark="it is done already"),
        report("stopped", remark="at 12 s"),
        report("done", sightings=3, seconds=1.25),
    ]
    line = Lines()
    given = list(follow(pieces, Watching(), line))
    assert [piece for piece, _ in given] == pieces
    names = [f"{piece.state}.mp4 (gate)" for piece in pieces]
    assert [name for name in line.over if name] == names, "the bar of a piece goes with its line"
    assert line.said == [
        "failed: /failed.mp4: no video in it",
        "watched: red cannot be answered: no camera is called 'x'",
        "skipped: /known.mp4 (it is done already)",
        "stopped: /stopped.mp4 (at 12 s)",
        "done: /done.mp4, camera gate: 3 people in 1.2 s",
        "watched: red cannot be answered: gone",
    ]


@pytest.mark.parametrize(
    ("states", "asked"),
    [
        (["failed", "failed"], [None]),
        (["known", "done"], [None, Path("/done.mp4"), None]),
        (["done", "done"], [Path("/done.mp4"), None, Path("/done.mp4"), None]),
        ([], []),
    ],
)
def test_searches_are_run_on_what_is_done_and_once_on_what_the_dead_left(states, asked):
    archive = Watching()
    list(follow(map(report, states), archive, Lines()))
    assert archive.asked == asked
