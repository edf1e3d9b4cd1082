"""The audit is one chain whoever writes, and whatever is done to it shows."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from surveil.audit.chain import append, head, newest
from surveil.audit.verify import breaks, parse_head
from surveil.errors import StoreError, SurveilError


@pytest.fixture
def five(database):
    for number in range(5):
        with database.session() as session:
            append(session, "maria", "search", {"text": f"woman {number}"}, "case 7")
    return database


def found(database, noted=None):
    with database.session() as session:
        return [(broken.number, broken.what) for broken in breaks(session, noted)]


def tamper(database, *statements):
    """As somebody would who has the database in their hands: without the triggers."""
    with database.engine.begin() as connection:
        if database.dialect == "postgresql":
            for table in ("audit_record", "audit_head"):
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        else:
            for name in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
                connection.exec_driver_sql(f"DROP TRIGGER {name[0]}")
        for statement in statements:
            connection.execute(text(statement))


def test_records_are_chained_and_whole(five):
    with five.session() as session:
        records = newest(session, limit=10)
        assert [record.number for record in records] == [5, 4, 3, 2, 1]
        assert [record.previous_hash for record in records] == [*(record.hash for record in records[1:]), "0" * 64]
        assert str(head(session)) == f"5:{records[0].hash}"
        assert [record.number for record in newest(session, limit=2, before=4)] == [3, 2]
        assert newest(session, limit=9, actor="ben") == newest(session, limit=9, action="see") == []
    assert found(five) == []


def test_the_database_itself_refuses(five):
    for statement in (
        "UPDATE audit_record SET actor = 'ben' WHERE number = 2",
        "DELETE FROM audit_record WHERE number = 5",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET count = 2",
        "UPDATE audit_head SET hash = 'x'",
    ):
        with pytest.raises((DBAPIError, StoreError), match="only appended to"), five.session() as session:
            session.execute(text(statement))
    assert found(five) == []


TAMPERED = [
    (["UPDATE audit_record SET actor = 'ben' WHERE number = 2"], [2]),
    (["UPDATE audit_record SET reason = NULL WHERE number = 5"], [5]),
    (["""UPDATE audit_record SET what = '{"text":"man"}' WHERE number = 1"""], [1]),
    (["DELETE FROM audit_record WHERE number = 3"], [4, 4]),
    (["DELETE FROM audit_record WHERE number = 1"], [2, 2]),
    (["DELETE FROM audit_record WHERE number > 3"], [None]),
    (["DELETE FROM audit_record"], [None]),
    (
        [
            "UPDATE audit_record SET number = -2 WHERE number = 2",
            "UPDATE audit_record SET number = 2 WHERE number = 3",
            "UPDATE audit_record SET number = 3 WHERE number = -2",
        ],
        [2, 2, 3, 3, 4],
    ),
    (
        [
            "INSERT INTO audit_record SELECT 6, made_at, actor, action, reason, what, hash, hash FROM audit_record"
            " WHERE number = 5"
        ],
        [6],
    ),
]
"""What somebody does to the records, and the numbers of those at which it shows."""


def test_whatever_is_done_to_it_shows(five):
    tamper(five)
    for statements, where in TAMPERED:
        with five.engine.connect() as connection, Session(connection) as session:
            for statement in statements:
                session.execute(text(statement))
            assert [broken.number for broken in breaks(session)] == where, statements
            session.rollback()
    assert found(five) == []


def test_an_end_cut_off_with_its_head_shows_by_the_head_that_was_noted(five):
    with five.session() as session:
        noted = head(session)
        third = next(record.hash for record in newest(session, limit=9) if record.number == 3)
    tamper(
        five,
        "DELETE FROM audit_record WHERE number > 3",
        f"UPDATE audit_head SET count = 3, hash = '{third}'",
    )
    assert found(five) == [], "this is what cannot be seen from inside"
    assert found(five, noted) == [(None, "records 4 to 5 are cut off: the head that was noted has them")]


def test_an_older_head_that_was_noted_must_be_in_the_chain(five):
    with five.session() as session:
        noted = head(session)
        append(session, "maria", "see", {})
    assert found(five, parse_head(str(noted))) == []
    assert [number for number, _ in found(five, parse_head(f"5:{'a' * 64}"))] == [5]
    with pytest.raises(SurveilError, match="not the head"):
        parse_head("5")


def test_writers_at_the_same_time_make_one_chain(database):
    start = Barrier(6)

    def write(who):
        start.wait()
        for number in range(5):
            with database.session() as session:
                append(session, f"user {who}", "see", {"sighting": number})

    threads = [Thread(target=write, args=(who,)) for who in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.session() as session:
        assert head(session).count == 30
    assert found(database) == []


def test_what_is_rolled_back_leaves_no_gap(five):
    def interrupted():
        with five.session() as session:
            append(session, "maria", "see", {})
            append(session, "maria", "see", {"figure": float("nan")})

    with pytest.raises(ValueError, match="JSON"):
        interrupted()
    with five.session() as session:
        assert append(session, "maria", "see", {}) == 6
    assert found(five) == []
