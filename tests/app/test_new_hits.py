"""What is new in a saved search since somebody last looked."""

import threading

import pytest

import surveil
from surveil.errors import QueryError
from surveil.store import writer
from surveil.store.tables import CropRow

RED = {"gender_female": 0.9, "upper_colour_red": 0.9}


@pytest.fixture
def archive(database, media):
    with surveil.open(database.url, media=media.folder, device="cpu") as opened:
        yield opened


def numbers(archive, by):
    [hits] = archive.new_hits(by).searches
    return [match.sighting for match in hits.result.matches]


def test_each_has_looked_for_themselves(archive, fill, made_up):
    fill([made_up(1, 2, RED), made_up(3, 4, {"gender_female": 0.1})])
    archive.save_search("red", archive.request("red top"))
    assert numbers(archive, "maria") == numbers(archive, "jan") == [1]
    archive.look_at_search("red", "maria")
    assert numbers(archive, "maria") == []
    assert numbers(archive, "jan") == [1]
    fill([made_up(5, 6, RED), made_up(7, 8, RED)], camera="yard")
    assert sorted(numbers(archive, "maria")) == [3, 4]
    assert sorted(numbers(archive, "jan")) == [1, 3, 4]


def test_what_came_while_one_looked_stays_new(archive, fill, made_up):
    fill([made_up(1, 2, RED)])
    archive.save_search("red", archive.request("red top"))
    newest = archive.new_hits("maria").newest
    fill([made_up(3, 4, RED)], camera="yard")
    archive.look_at_search("red", "maria", sighting=newest)
    assert numbers(archive, "maria") == [2]


def test_a_search_that_cannot_be_answered_any_more_says_why(archive, fill, made_up):
    fill([made_up(1, 2, RED)])
    archive.save_search("gone", archive.request(like=["sighting:99"]))
    [hits] = archive.new_hits("maria").searches
    assert hits.result is None
    assert "99" in hits.error
    with pytest.raises(QueryError, match="no such name"):
        archive.look_at_search("no such name", "maria")


def test_a_search_that_is_forgotten_takes_the_looks_along(archive, fill, made_up):
    fill([made_up(1, 2, RED)])
    archive.save_search("red", archive.request("red top"))
    archive.look_at_search("red", "maria")
    archive.forget_search("red")
    archive.save_search("red", archive.request("red top"))
    assert numbers(archive, "maria") == [1]


def test_what_was_numbered_early_and_committed_late_is_not_missed(archive, database, fill, made_up, monkeypatch):
    """Two who store at once: the first takes its numbers and is slow to commit; somebody looks in between."""
    numbered, go_on = threading.Event(), threading.Event()
    insert = writer.insert_rows

    def slow(session, table, rows):
        insert(session, table, rows)
        if table is CropRow and threading.current_thread().name == "slow":
            numbered.set()
            assert go_on.wait(60)

    fill([made_up(1, 2, RED)])
    archive.save_search("red", archive.request("red top"))
    archive.look_at_search("red", "maria")
    monkeypatch.setattr(writer, "insert_rows", slow)
    first = threading.Thread(target=fill, args=([made_up(3, 4, RED)],), kwargs={"camera": "gate"}, name="slow")
    second = threading.Thread(target=fill, args=([made_up(5, 6, RED)],), kwargs={"camera": "hall"})
    first.start()
    assert numbered.wait(60)
    second.start()
    second.join(1.0)  # time enough to overtake, where it can
    hits = archive.new_hits("maria")
    shown = {match.sighting for match in hits.searches[0].result.matches}
    if database.dialect == "postgresql":  # SQLite has one writer at a time, whom this look would wait for
        archive.look_at_search("red", "maria", sighting=hits.newest)
    go_on.set()
    first.join(60)
    second.join(60)
    assert shown | set(numbers(archive, "maria")) == {2, 3}
