"""Counts per camera and hour agree with counting one by one."""

from collections import Counter
from datetime import UTC, datetime

from surveil.search.counts import count_by_hour
from surveil.search.filters import Filters


def test_sightings_and_people_by_hour_in_a_zone(database, fill, made_up):
    fill([made_up(0), made_up(10), made_up(3599), made_up(3600)], camera="gate")
    fill([made_up(7200)], camera="yard")
    with database.session() as session:
        counts = count_by_hour(session, Filters(), "Europe/Berlin")
    assert Counter({(c.camera, c.hour.hour): c.sightings for c in counts}) == {
        ("gate", 14): 3,
        ("gate", 15): 1,
        ("yard", 16): 1,
    }
    assert counts[0].hour == datetime(2026, 9, 14, 12, tzinfo=UTC)
    assert [c.people for c in counts] == [c.sightings for c in counts]  # nobody has an identity yet


def test_people_are_different_identities(database, fill, made_up):
    from sqlalchemy import text

    fill([made_up(0), made_up(10), made_up(20)], camera="gate")
    with database.session() as session:
        session.execute(text("INSERT INTO identity (id) VALUES (1)"))
        session.execute(text("UPDATE sighting SET identity_id = 1 WHERE id < 3"))
    with database.session() as session:
        [count] = count_by_hour(session, Filters(cameras=("gate",)), "UTC")
    assert (count.sightings, count.people) == (3, 2)
