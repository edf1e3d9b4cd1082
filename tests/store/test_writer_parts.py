"""Footage that is stored in parts: what is stored stays, what comes is added once, a failure leaves what it should."""

import dataclasses

import pytest
from sqlalchemy import func, select, update

from surveil.errors import LeaseLostError
from surveil.store.register import register_footage
from surveil.store.tables import Footage, ResumePoint, SightingRow


@pytest.fixture
def footage(database, source):
    """The number of a piece of footage that is being worked on."""
    number, _ = register_footage(database, source())
    with database.session() as session:
        session.execute(update(Footage).values(state="working", lease_owner="worker 1"))
    return number


@pytest.fixture
def part(writer, footage, sighting, report):
    """Stores sightings up to a second, from a new start or going on; gives the writer of this footage."""

    def store(numbers, until, *, resume=False):
        writing = writer.begin(footage, resume=resume)
        for number in numbers:
            writing.add(sighting(number, start=float(number)))
        writing.store_part(report, until, f"state at {until}".encode())
        return writing

    return store


def seconds_seen(database):
    """Second of the footage at which each sighting begins, by number."""
    with database.session() as session:
        beginnings = select(SightingRow.first_seen, Footage.started_at)
        rows = session.execute(beginnings.join(Footage, SightingRow.footage_id == Footage.id)).all()
    return sorted(round((seen - start).total_seconds()) for seen, start in rows)


def test_who_goes_on_adds_to_what_is_stored(database, writer, footage, part, sighting, report):
    assert writer.resume_state(footage) is None
    assert len(part([1, 2], 3.0)) == 2
    assert (seconds_seen(database), writer.resume_state(footage)) == ([1, 2], b"state at 3.0")
    going_on = part([3], 4.0, resume=True)
    assert len(going_on) == 3
    assert (seconds_seen(database), writer.resume_state(footage)) == ([1, 2, 3], b"state at 4.0")
    going_on.add(sighting(5, start=5.0))
    going_on.finish(report)
    assert (seconds_seen(database), writer.resume_state(footage)) == ([1, 2, 3, 5], None)
    with database.session() as session:
        row = session.get(Footage, footage)
        assert (row.state, row.watermark, row.lease_owner) == ("done", report.duration, None)


def test_who_begins_anew_replaces_what_is_stored_with_the_first_part(database, writer, footage, part, sighting, report):
    part([1, 2], 3.0)
    anew = writer.begin(footage)
    anew.add(sighting(7, start=7.0))
    assert seconds_seen(database) == [1, 2], "until something takes their place"
    anew.store_part(report, 8.0, b"")
    assert seconds_seen(database) == [7]
    anew.finish(report)
    assert seconds_seen(database) == [7], "but not what was stored since"


@pytest.mark.parametrize("keep", [True, False])
def test_who_fails_keeps_what_is_stored_only_where_work_may_go_on(database, writer, footage, part, report, keep):
    writing = part([1, 2], 3.0)
    writing.fail(dataclasses.replace(report, state="failed", error="no room"), keep=keep)
    assert seconds_seen(database) == ([1, 2] if keep else [])
    assert writer.resume_state(footage) == (b"state at 3.0" if keep else None)
    with database.session() as session:
        row = session.get(Footage, footage)
        assert (row.state, row.error, row.lease_owner) == ("failed", "no room", None)
        assert row.watermark == (3.0 if keep else None)


def test_a_failure_takes_nothing_of_an_earlier_run_that_was_done(database, writer, footage, part, report):
    part([1, 2], 3.0).finish(report)
    with database.session() as session:  # as `redo_footage` leaves it
        session.execute(update(Footage).values(state="working", lease_owner="worker 2", watermark=None))
    again = writer.begin(footage)
    again.fail(dataclasses.replace(report, state="failed", error="no room"))
    assert seconds_seen(database) == [1, 2]


@pytest.mark.parametrize("taken", [{"lease_owner": "worker 2"}, {"watermark": 9.0}])
def test_who_lost_the_footage_stores_no_part_of_it(database, writer, footage, part, sighting, report, taken):
    writing = part([1], 2.0)
    writing.add(sighting(5, start=5.0))
    with database.session() as session:
        session.execute(update(Footage).values(**taken))
    for action in (lambda: writing.store_part(report, 6.0, b"mine"), lambda: writing.finish(report)):
        with pytest.raises(LeaseLostError, match="another worker has taken over"):
            action()
    assert seconds_seen(database) == [1]
    assert writer.resume_state(footage) == b"state at 2.0"


def test_a_part_whose_commit_got_through_although_it_seemed_to_fail_is_stored_once(database, part, sighting, report):
    """The connection is lost just after the commit: whoever stores it again must not store it twice."""
    writing = part([1], 2.0)
    writing.add(sighting(3, start=3.0))
    lease, rows = dataclasses.replace(writing._lease), list(writing._rows)
    writing.store_part(report, 4.0, b"")
    writing._lease, writing._rows = lease, rows  # all that the worker knows of is the state before
    writing.store_part(report, 4.0, b"")
    assert seconds_seen(database) == [1, 3]
    writing.finish(report)
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(ResumePoint)) == 0
    assert seconds_seen(database) == [1, 3]
