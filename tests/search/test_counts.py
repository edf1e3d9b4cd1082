"""Counts per camera and hour agree with counting one by one."""

from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest

from surveil.search.counts import count_by_hour, newest_days
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


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kathmandu"])
def test_days_are_those_on_which_somebody_was_seen_and_one_is_a_part_of_all(database, fill, made_up, zone):
    random = np.random.default_rng(2)
    hours = [0, 1, 9.7, 11.99, 12, 12.01, 36, 100, *(random.random(30) * 200)]
    fill([made_up(3600 * hour) for hour in hours], camera="gate")
    fill([made_up(3600 * 300)], camera="yard")
    with database.session() as session:
        everything = count_by_hour(session, Filters(), zone)
        days = newest_days(session, Filters(), zone, 100)
        assert days == sorted({count.hour.date() for count in everything}, reverse=True)
        assert newest_days(session, Filters(), zone, 2) == days[:2]
        assert newest_days(session, Filters(cameras=("gate",)), zone, 1) == [
            max(count.hour.date() for count in everything if count.camera == "gate")
        ]
        assert newest_days(session, Filters(attributes={"hat": ("yes",)}), zone, 3) == []
        for day in days:
            assert count_by_hour(session, Filters(), zone, day) == [
                count for count in everything if count.hour.date() == day
            ]


def test_people_are_different_identities(database, fill, made_up):
    from sqlalchemy import text

    fill([made_up(0), made_up(10), made_up(20)], camera="gate")
    with database.session() as session:
        session.execute(text("INSERT INTO identity (id) VALUES (1)"))
        session.execute(text("UPDATE sighting SET identity_id = 1 WHERE id < 3"))
    with database.session() as session:
        [count] = count_by_hour(session, Filters(cameras=("gate",)), "UTC")
    assert (count.sightings, count.people) == (3, 2)
