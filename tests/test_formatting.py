import re
from pathlib import Path

import pytest

from surveil.formatting import match_percent, percent, printable

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("probability", "written"),
    [
        (None, ""),
        (0.0, "<1%"),
        (0.0049, "<1%"),
        (0.006, "1%"),
        (0.5, "50%"),
        (0.994, "99%"),
        (0.995, ">99%"),
        (1.0, ">99%"),
    ],
)
def test_no_match_is_certain(probability, written):
    assert match_percent(probability) == written


def test_a_measured_share_may_be_whole():
    assert [percent(1.0), percent(0.8333, 1), percent(0.8333, 1, sign=""), percent(None)] == [
        "100%",
        "83.3%",
        "83.3",
        "",
    ]


def test_probabilities_are_written_in_one_place():
    elsewhere = [
        path for path in (ROOT / "surveil").rglob("*.py") if re.search(r"probability[^\n]*:\.\d%", path.read_text())
    ]
    assert elsewhere == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb\nc\x07", r"a\x1b[31mb\nc\x07"),
        (b"caf\xe9.mp4".decode("utf-8", "surrogateescape"), r"caf\xe9.mp4"),
        ("gate\u202egpj.mp4", r"gate\u202egpj.mp4"),
        ("a\u2028b", r"a\u2028b"),
        ("حسن‌آباد 東京　駅 Zoë 👩‍🚒", "حسن‌آباد 東京　駅 Zoë 👩‍🚒"),
    ],
    ids=["control", "no UTF-8", "direction", "line separator", "scripts"],
)
def test_what_could_steer_a_terminal_is_escaped_and_no_script_suffers(text, shown):
    assert printable(text) == shown
