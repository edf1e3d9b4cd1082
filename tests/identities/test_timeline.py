from surveil.identities.cluster import cluster
from surveil.identities.timeline import visits_of


def test_sightings_within_minutes_are_one_visit_and_those_after_longer_another(database, fill, made_up, one_direction):
    gate = fill([made_up(at, at + 2, embedding=one_direction) for at in (0, 200, 1000)], camera="gate")
    yard = fill([made_up(100, 102, embedding=one_direction)], camera="yard")
    cluster(database, 0.5)
    with database.session() as session:
        visits = visits_of(session, 1)
    assert [[one.sighting for one in visit.seen] for visit in visits] == [gate[:2], gate[2:], yard]
    assert [(visit.last - visit.first).total_seconds() for visit in visits] == [202, 2, 2]


def test_who_stays_long_has_not_left_although_another_sighting_ended_early(database, fill, made_up, one_direction):
    fill([made_up(0, 600, embedding=one_direction)], camera="gate")
    fill([made_up(10, 12, embedding=one_direction), made_up(700, 710, embedding=one_direction)], camera="gate")
    cluster(database, 0.5)
    with database.session() as session:
        [visit] = visits_of(session, 1)
    assert (visit.last - visit.first).total_seconds() == 710
