"""Parts of a film, as a browser asks for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveil.web.ranges import ranged

FILM = bytes(range(100))


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-9", FILM[:10]),
        ("bytes=10-10", FILM[10:11]),
        ("bytes = 90 - ", FILM[90:]),
        ("bytes=99-", FILM[99:]),
        ("bytes=50-1000", FILM[50:]),
        ("bytes=-10", FILM[90:]),
        ("bytes=-1000", FILM),
    ],
)
def test_the_part_asked_for_is_given_and_said(asked, part):
    answer = ranged(FILM, "video/mp4", asked)
    assert (answer.status_code, answer.body, answer.media_type) == (206, part, "video/mp4")
    first = FILM.index(part[:1])
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(part) - 1}/100"
    assert answer.headers["content-length"] == str(len(part))
    assert answer.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize("asked", [None, "", "bytes=-", "bytes=0-1,5-6", "pages=0-1", "bytes=x-", "bytes=" + "9" * 99])
def test_all_of_it_is_given_where_no_single_part_is_asked_for(asked):
    answer = ranged(FILM, "video/mp4", asked)
    assert (answer.status_code, answer.body) == (200, FILM)
    assert "content-range" not in answer.headers


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=200-300", "bytes=9-5", "bytes=-0"])
def test_what_is_not_there_is_refused_with_the_size(asked):
    answer = ranged(FILM, "video/mp4", asked)
    assert (answer.status_code, answer.body) == (416, b"")
    assert answer.headers["content-range"] == "bytes */100"


def test_of_nothing_there_is_no_part():
    assert ranged(b"", "video/mp4", "bytes=0-").status_code == 416
    assert ranged(b"", "video/mp4", None).status_code == 200


@given(content=st.binary(min_size=1, max_size=50), size=st.integers(1, 20))
def test_parts_one_after_the_other_are_the_whole(content, size):
    parts = [ranged(content, "x/y", f"bytes={at}-{at + size - 1}") for at in range(0, len(content), size)]
    assert {part.status_code for part in parts} == {206}
    assert b"".join(part.body for part in parts) == content
