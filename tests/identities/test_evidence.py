from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import select, update

from surveil.identities.constraints import NOWHERE
from surveil.identities.evidence import load_constraints
from surveil.store.tables import Footage, SightingRow


def constraints_of(database, ids):
    with database.session() as session:
        return load_constraints(session, np.array(ids, np.int64))


def test_who_was_in_one_footage_at_one_time_is_two_people(database, fill, made_up):
    gate = fill([made_up(0, 5), made_up(5, 9), made_up(9.5, 10)], camera="gate")
    preroll = fill([made_up(0, 5)], camera="gate")
    found = constraints_of(database, gate + preroll)
    assert found.overlaps() == 1
    pairs = np.array([[0, 1], [1, 2], [0, 3]])
    assert found.forbidden(pairs).tolist() == [True, False, False]
    assert found.first[0] == datetime(2026, 9, 14, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("started_from", ["file time", "flag", "path"])
def test_crops_of_one_time_may_show_one_person(database, fill, made_up, started_from):
    """An unzip gives all of a folder one file time, also with --start; and one person may have been cut out twice."""
    crops, film = fill([made_up(0)] * 3), fill([made_up(0)] * 3)
    with database.session() as session:
        footage = select(SightingRow.footage_id).where(SightingRow.id == crops[0])
        own = update(Footage).where(Footage.id == footage.scalar_subquery())
        session.execute(own.values(kind="crops", started_from=started_from))
    found = constraints_of(database, crops + film)
    assert found.place[:3].tolist() == [NOWHERE] * 3
    assert found.overlaps() == 3, "those of the film"


def test_sightings_that_are_gone_or_not_asked_for_do_not_matter(database, fill, made_up):
    ids = fill([made_up(0, 5), made_up(1, 2), made_up(3, 4)])
    found = constraints_of(database, [ids[0], ids[2], ids[2] + 100])
    assert len(found) == 3
    assert found.overlaps() == 1
    assert found.place[2] == NOWHERE
