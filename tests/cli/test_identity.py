"""What `surveil identities show` prints of an identity besides its sightings."""

import sys
from datetime import UTC, datetime, timedelta

import pytest

from surveil.app.results import CameraTimeline, Companion, IdentityDetail, MergeSuggestion, Visit
from surveil.cli.identity import PLAIN_WIDTH, print_identity

NOON = datetime(2026, 9, 14, 12, tzinfo=UTC)


def stay(begin, end):
    return Visit(first_seen=NOON + timedelta(hours=begin), last_seen=NOON + timedelta(hours=end), sightings=(1,))


SHOWN = IdentityDetail(
    identity=7,
    name="Anna",
    first_seen=NOON,
    last_seen=NOON + timedelta(hours=4),
    sightings=(),
    timeline=(
        CameraTimeline(camera="gate", zone="UTC", visits=(stay(0, 1), stay(3, 4))),
        CameraTimeline(camera="car\x07 park", zone="UTC", visits=(stay(2, 2),)),
    ),
    companions=(Companion(identity=12, name="Ben", together=3, visits=4, expected=0.25, p_value=0.001),),
    suggestions=(MergeSuggestion(identity=104, name=None, sightings=2, similarity=0.8125, probability=0.97),),
)


def test_lanes_are_of_one_width_and_show_when_each_camera_saw_it(capsys):
    print_identity(SHOWN)
    lines = capsys.readouterr().out.splitlines()
    [gate], [park] = ([line for line in lines if line.startswith(name)] for name in ("gate", "car\\x07 park"))
    assert len(gate) == len(park) == len("car\\x07 park") + 2 + PLAIN_WIDTH
    gate, park = gate[-PLAIN_WIDTH:], park[-PLAIN_WIDTH:]
    assert [place for place, cell in enumerate(park) if cell == "█"] == [PLAIN_WIDTH // 2]
    assert gate[0] == gate[-1] == "█"
    assert gate[PLAIN_WIDTH // 2] != "█"
    assert abs(gate.rstrip("·").rindex("·") - 3 * PLAIN_WIDTH / 4) <= 1, "away from one o'clock until three"


def test_companions_and_suggestions_have_their_figures(capsys):
    print_identity(SHOWN)
    said = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["12", "Ben", "3", "of", "4", "visits", "0.2"] in said
    assert ["104", "2", "0.812", "97%"] in [[cell.replace("97.0%", "97%") for cell in line] for line in said]


def test_a_terminal_gets_the_same_lanes(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_identity(SHOWN)
    lanes = [line for line in capsys.readouterr().out.splitlines() if "█" in line]
    assert [lane.split()[0] for lane in lanes] == ["gate", "car\\x07"]
    assert len({len(lane) for lane in lanes}) == 1, lanes
    assert lanes[1].count("█") == 1


@pytest.mark.parametrize("bare", [SHOWN.model_copy(update={"timeline": (), "companions": (), "suggestions": ()})])
def test_of_nothing_known_nothing_is_said(capsys, bare):
    print_identity(bare)
    said = capsys.readouterr().out
    assert "Identity 7: Anna" in said
    for words in ("chance", "same person", "█"):
        assert words not in said
