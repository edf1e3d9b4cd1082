"""Searches under a name."""

import pytest

from surveil.errors import QueryError
from surveil.search.saved import MAX_NAME, forget_search, save_search, saved_search, saved_searches, watch_search

REQUEST = {"text": "woman, red top", "limit": 5}


def save(database, name, **more):
    with database.session() as session:
        save_search(session, name, REQUEST, **({"watch": False} | more))


def names(database, **how):
    with database.session() as session:
        return [saved.name for saved in saved_searches(session, **how)]


def test_what_is_saved_is_found_again_by_its_name(database):
    save(database, "the courier")
    save(database, "Abdul's bag", watch=True)
    with database.session() as session:
        found = saved_search(session, "the courier")
        assert (found.request, found.watch, found.webhook) == (REQUEST, False, None)
    assert names(database) == ["Abdul's bag", "the courier"]
    assert names(database, watched=True) == ["Abdul's bag"]


@pytest.mark.parametrize("name", ["", "  ", "x" * (MAX_NAME + 1)])
def test_a_name_that_is_none_is_refused(database, name):
    with pytest.raises(QueryError, match="1 to 200 characters"):
        save(database, name)
    assert names(database) == []


def test_the_longest_name_and_any_script_will_do(database):
    for name in ("ß" * MAX_NAME, "赤い服", "a\\b%c_d"):
        save(database, name)
    assert set(names(database)) == {"ß" * MAX_NAME, "赤い服", "a\\b%c_d"}


def test_a_taken_name_is_refused_and_the_rest_of_the_transaction_stands(database):
    save(database, "courier")
    with database.session() as session:
        save_search(session, "another", REQUEST, watch=False)
        with pytest.raises(QueryError, match=r"called 'courier' already.*surveil saved forget courier"):
            save_search(session, "courier", {"text": "man"}, watch=True)
    assert names(database) == ["another", "courier"]
    with database.session() as session:
        assert saved_search(session, "courier").request == REQUEST


def test_a_name_that_is_not_there_is_told_with_what_was_meant(database):
    save(database, "the courier")
    for ask in (
        saved_search,
        forget_search,
        lambda *given: watch_search(*given, watch=True, webhook=None, secret=None),
    ):
        with database.session() as session, pytest.raises(QueryError, match="Did you mean the courier"):
            ask(session, "the curier")


def test_watching_begins_and_ends_with_its_webhook(database):
    save(database, "courier")
    with database.session() as session:
        watch_search(session, "courier", watch=True, webhook="http://127.0.0.1:9/hit", secret="s")
    assert names(database, watched=True) == ["courier"]
    with database.session() as session:
        saved = watch_search(session, "courier", watch=False, webhook=None, secret=None)
        assert (saved.webhook, saved.webhook_secret) == (None, None)
    assert names(database, watched=True) == []


def test_what_is_forgotten_may_be_saved_anew(database):
    save(database, "courier")
    save(database, "other")
    with database.session() as session:
        forget_search(session, "courier")
    assert names(database) == ["other"]
    save(database, "courier")
