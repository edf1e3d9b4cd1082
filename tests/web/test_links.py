"""A search as a link: whatever is asked comes back as it was, and an address asks for nothing it may not."""

from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveil.app import SearchRequest
from surveil.app.base import checked
from surveil.attributes import ATTRIBUTES
from surveil.errors import SurveilError
from surveil.web.links import MAX_PAGE, MAX_TEXT, MAX_VALUES, PAGE, link, read_request, without, write_pairs

ARCHIVE = SimpleNamespace(request=lambda **asked: checked(SearchRequest, asked))
WORDS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1).filter(str.strip)
LABELLED = st.sampled_from(ATTRIBUTES).flatmap(
    lambda table: st.tuples(st.just(table.name), st.lists(st.sampled_from(table.labels), min_size=1, unique=True))
)
EXAMPLES = st.lists(st.sampled_from(["sighting:3", "identity:7", "person:" + "0" * 64]), unique=True).map(tuple)
TIMES = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)).map(lambda time: time.replace(tzinfo=UTC))
REQUESTS = st.builds(
    SearchRequest,
    text=st.none() | WORDS,
    like=EXAMPLES,
    unlike=EXAMPLES,
    person=st.none() | st.integers(1, 9),
    cameras=st.lists(WORDS).map(tuple),
    footage=st.lists(WORDS).map(tuple),
    identities=st.lists(WORDS).map(tuple),
    min_height=st.none() | st.integers(1, 999),
    newer_than=st.none() | st.integers(0, 999),
    after=st.none() | TIMES,
    before=st.none() | TIMES.map(lambda time: time.astimezone(timezone(timedelta(hours=5, minutes=45)))),
    zone=st.sampled_from(["UTC", "Europe/Berlin"]),
    attributes=st.lists(LABELLED, max_size=3).map(dict),
    only=st.lists(LABELLED, max_size=2).map(dict),
    without=st.lists(LABELLED, max_size=2).map(dict),
    weekdays=st.lists(st.sampled_from(["monday", "sunday"]), unique=True).map(tuple),
    time_from=st.none() | st.times(),
    time_to=st.none() | st.times(),
    min_confidence=st.none() | st.floats(0, 1),
    sort=st.sampled_from([None, "newest", "oldest", "largest"]),
    group=st.sampled_from([None, "identity", "visit", "look"]),
    refine=st.booleans(),
)


def read(address, **fields):
    return read_request(ARCHIVE, parse_qsl(urlsplit(address).query, keep_blank_values=True), **fields)


@given(REQUESTS)
def test_what_is_asked_comes_back_as_it_was(request):
    assert read(link(request)) == request.model_copy(update={"limit": PAGE, "offset": 0})


@given(REQUESTS, st.integers(0, 999), st.integers(1, MAX_PAGE))
def test_a_page_of_it_comes_back_too(request, offset, limit):
    assert read(link(request, offset=offset, limit=limit)) == request.model_copy(
        update={"offset": offset, "limit": limit}
    )


@given(REQUESTS, st.data())
def test_less_one_part_is_the_same_search_without_it(request, data):
    pairs = write_pairs(request.model_copy(update={"limit": PAGE}))
    if not pairs:
        return
    name, value = data.draw(st.sampled_from(pairs))
    left = list(pairs)
    left.remove((name, value))
    assert without(request.model_copy(update={"limit": PAGE}), name, value) == left


def test_a_search_for_everybody_has_a_plain_address():
    assert link(SearchRequest()) == "/search"
    assert link(SearchRequest(text="red & blue"), "/grid") == "/grid?q=red+%26+blue"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("?colour=red", "has no 'colour'"),
        ("?like=/etc/passwd", "not an example for the web"),
        ("?unlike=sighting:1&unlike=file:///x", "not an example for the web"),
        (f"?limit={MAX_PAGE + 1}", "Page through them"),
        ("?limit=0", "greater than"),
        (f"?q={'a' * (MAX_TEXT + 1)}", "a description has up to"),
        ("?" + "&".join(["camera=a"] * (MAX_VALUES + 1)), "a filter up to"),
        ("?" + "&".join(["only=upper_colour:red"] * (MAX_VALUES + 1)), "a filter up to"),
        ("?after=yesterday", "not a time"),
        ("?sort=best", "sort"),
    ],
)
def test_an_address_asks_for_nothing_it_may_not(address, says):
    with pytest.raises(SurveilError, match=says):
        read(address)


def test_just_as_many_as_allowed_are_taken_and_parts_without_a_value_count_nothing():
    many = "&".join([f"limit={MAX_PAGE}", f"q={'a' * MAX_TEXT}", *(["camera=a"] * MAX_VALUES)])
    assert len(read(f"?{many}").cameras) == MAX_VALUES
    assert read("?q=+&camera=&sort=&colour=") == SearchRequest(limit=PAGE)
    assert read("?camera=gate&limit=7", limit=3, facets=True) == SearchRequest(cameras=("gate",), limit=3, facets=True)
