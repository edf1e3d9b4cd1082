"""Transactions of several processes on one Postgres: they wait for each other in one order, and never in a circle."""

import threading
import time

import numpy as np
import pytest
from sqlalchemy import select, text, update

from surveil.errors import StoreDeadlockError
from surveil.store.session import Database
from surveil.store.tables import Camera, SightingRow

ANNA, BEN = np.eye(2, 544, dtype=np.float32)


@pytest.fixture
def database(postgres_url):
    with Database.open(postgres_url) as opened:
        yield opened


@pytest.fixture
def people(database, fill, made_up):
    """Eight sightings, of which the first come neither by time nor by place before the others."""
    ids = fill([made_up(10 * number, embedding=(ANNA, BEN)[number % 2]) for number in range(8)])
    with database.session() as session:
        session.execute(text("UPDATE sighting SET first_seen = first_seen + interval '1 hour' WHERE id <= 4"))
    return ids


class Beside(threading.Thread):
    """Does something in a thread of its own; `result` gives what came of it."""

    def __init__(self, action):
        super().__init__(daemon=True)
        self._action, self._error = action, None
        self.start()

    def run(self):
        try:
            self._action()
        except BaseException as error:
            self._error = error

    def result(self):
        self.join(60)
        assert not self.is_alive(), "it waits for ever"
        if self._error is not None:
            raise self._error


def wait_until_somebody_waits(database):
    deadline = time.monotonic() + 30
    with database.session() as session:
        while not session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            assert time.monotonic() < deadline, "nobody waits"
            time.sleep(0.005)


ACTIONS = {
    "camera set": lambda archive: archive.set_camera("yard", clock_offset=60),
    "cluster": lambda archive: archive.cluster(),
    "footage set": lambda archive: archive.correct_footage(1, camera="gate", start="2026-09-15T12:00+00:00"),
    "footage forget": lambda archive: archive.forget_footage(1),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_sightings_are_locked_in_the_order_of_their_numbers(database, archive, people, action):
    with database.session() as session:
        session.execute(select(SightingRow.id).where(SightingRow.id == people[0]).with_for_update())
        other = Beside(lambda: ACTIONS[action](archive))
        wait_until_somebody_waits(database)
        free = select(SightingRow.id).order_by(SightingRow.id).with_for_update(key_share=True, skip_locked=True)
        assert session.scalars(free).all() == people, "it holds later ones while it waits for the first"
    other.result()


@pytest.mark.parametrize("action", ACTIONS)
def test_who_is_broken_off_by_a_deadlock_does_it_once_more(database, archive, people, action, caplog):
    """Another program locks what we need in the wrong order; Postgres chooses us, because it waits longer."""
    with database.session() as session:
        session.execute(text("SET LOCAL deadlock_timeout = '10min'"))
        session.execute(text("SET LOCAL lock_timeout = '30s'"))
        session.execute(update(SightingRow).where(SightingRow.id == people[5]).values(quality=0.1))
        other = Beside(lambda: ACTIONS[action](archive))
        wait_until_somebody_waits(database)
        session.execute(update(SightingRow).where(SightingRow.id == people[0]).values(quality=0.1))
    other.result()
    assert caplog.text.count("Trying once more") == 1
    if action == "camera set":
        with database.session() as session:
            moved = session.scalars(select(SightingRow.first_seen).where(SightingRow.id == people[7])).one()
            assert (moved.minute, moved.second) == (2, 10), "moved once"
            assert session.scalars(select(Camera.clock_offset)).one() == 60


def test_a_second_deadlock_is_told(database, archive, people, monkeypatch):
    tried = []

    def broken_off(*_args, **_options):
        tried.append(1)
        raise StoreDeadlockError("deadlock detected")

    monkeypatch.setattr("surveil.store.cameras.configure_camera", broken_off)
    monkeypatch.setattr("surveil.store.retry.FIRST_WAIT", 0)
    with pytest.raises(StoreDeadlockError, match="deadlock detected"):
        archive.set_camera("yard", clock_offset=60)
    assert len(tried) == 2


def test_cameras_are_set_beside_clusterings(archive, people, caplog):
    for offset in range(12):
        others = [
            Beside(archive.cluster),
            Beside(lambda offset=offset: archive.set_camera("yard", clock_offset=offset)),
        ]
        [other.result() for other in others]
    assert "deadlock" not in caplog.text
