"""Whoever may see only some cameras sees nothing of the others, whatever they ask."""

import numpy as np
import pytest

import surveil
from surveil.accounts.permissions import Actor
from surveil.errors import QueryError

ANNA, BEN = np.eye(2, 544, dtype=np.float32)


@pytest.fixture
def archive(database, media, fill, made_up):
    fill([made_up(0, 4, embedding=ANNA), made_up(9, 11, embedding=BEN)], camera="gate")
    fill([made_up(3600, 3610, embedding=ANNA)], camera="yard")
    with surveil.open(database.url, media=media.folder) as opened:
        opened.cluster()
        yield opened


@pytest.fixture
def guest(archive):
    with archive.seeing(Actor("guest", "viewer", frozenset({"yard"}))):
        yield archive


def test_everything_that_is_read_is_of_these_cameras(guest):
    assert [match.sighting for match in guest.search().matches] == [3]
    assert guest.search(facets=True).facets["camera"] == {"yard": 1}
    assert [piece.camera for piece in guest.status().footage] == ["yard"]
    assert [camera.camera for camera in guest.cameras().cameras] == ["yard"]
    assert [(one.sightings, one.cameras) for one in guest.identities().identities] == [(1, ("yard",))]
    assert [count.camera for count in guest.counts(guest.request()).counts] == ["yard"]


def test_asking_for_another_camera_finds_nothing_and_tells_no_name(guest):
    for asked in ({"cameras": ["gate"]}, {"text": "gate camera"}, {"cameras": ["no such"]}):
        with pytest.raises(QueryError) as refused:
            guest.search(**asked)
        assert "There is: yard." in str(refused.value)


def test_what_is_named_by_number_is_not_there(archive):
    anna, ben = (archive.sighting(number).match.identity for number in (1, 2))
    with archive.seeing(Actor("guest", "viewer", frozenset({"yard"}))):
        _named_by_number(archive, anna, ben)
    assert len(archive.search().matches) == 3


def _named_by_number(guest, anna, ben):
    with pytest.raises(QueryError, match="no sighting has the number 1"):
        guest.sighting(1)
    with pytest.raises(QueryError):
        guest.crop(1)
    with pytest.raises(QueryError):
        guest.search(like=["sighting:1"])
    for look in (guest.identity, guest.face_of):
        with pytest.raises(QueryError):
            look(ben)
    assert [match.camera for match in guest.identity(anna).sightings] == ["yard"]


def test_nothing_at_all_for_whoever_may_see_no_camera(archive):
    with archive.seeing(Actor("guest", "viewer", frozenset())):
        assert archive.search().matches == ()
