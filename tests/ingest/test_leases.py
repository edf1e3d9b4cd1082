import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from surveil.errors import StoreUnavailableError
from surveil.ingest.leases import Heartbeat, claim_next, is_dead, new_owner, release, renew
from surveil.store.register import MAX_ATTEMPTS, register_footage
from surveil.store.session import Database
from surveil.store.tables import Footage
from surveil.types import Source

START = datetime(2026, 9, 14, 8, tzinfo=UTC)
ELSEWHERE = "another-machine/pid:[1] 77 1234 abcd"
"""An owner of whom this machine cannot say whether he lives."""


def source(content_hash):
    return Source(Path("/f/a.mp4"), "video", "yard", "path", START, "path", content_hash)


@pytest.fixture
def footage(database) -> int:
    return register_footage(database, source("a" * 64))[0]


def row(database):
    with database.session() as session:
        return session.scalars(select(Footage)).one()


def change(database, **values):
    with database.session() as session:
        session.execute(update(Footage).values(values))


def expire(database):
    change(database, lease_until=datetime.now(UTC) - timedelta(seconds=1))


def owner_of_a_dead_process() -> str:
    code = "from surveil.ingest.leases import new_owner; print(new_owner())"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def claim(database, footage, owner, **options):
    return claim_next(database, [footage], owner, **options) is not None


def test_of_many_who_claim_at_once_one_succeeds(database, footage):
    outcomes, gate = [], threading.Barrier(8)

    def worker():
        owner = new_owner()
        gate.wait()
        outcomes.append((claim(database, footage, owner), owner))

    threads = [threading.Thread(target=worker) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(ours for ours, _ in outcomes) == [False] * 7 + [True]
    [winner] = [owner for ours, owner in outcomes if ours]
    claimed = row(database)
    assert (claimed.state, claimed.lease_owner, claimed.attempts) == ("working", winner, 0)
    assert claimed.lease_until > datetime.now(UTC)


def test_many_who_want_the_next_one_get_each_another(database):
    ids = [register_footage(database, source(f"{number:064x}"))[0] for number in range(12)]
    claims, gate = [], threading.Barrier(4)

    def worker():
        owner = new_owner()
        gate.wait()
        while claimed := claim_next(database, ids, owner):
            claims.append(claimed.footage_id)

    threads = [threading.Thread(target=worker) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(claims) == ids


def test_only_what_is_asked_for_is_claimed_in_that_order(database):
    first, _, third = (register_footage(database, source(letter * 64))[0] for letter in "abc")
    taken = [claim_next(database, [third, first], new_owner()) for _ in range(3)]
    assert [claimed and claimed.footage_id for claimed in taken] == [third, first, None]


def test_a_living_worker_keeps_its_footage(database, footage):
    assert claim(database, footage, new_owner())
    assert not claim(database, footage, new_owner())


def test_a_worker_elsewhere_keeps_its_footage_until_its_lease_runs_out(database, footage):
    claim(database, footage, ELSEWHERE)
    assert not claim(database, footage, new_owner())
    expire(database)
    assert claim(database, footage, new_owner())
    assert row(database).attempts == 1


def test_a_dead_process_of_this_machine_holds_nothing(database, footage):
    claim(database, footage, owner_of_a_dead_process())
    assert row(database).lease_until > datetime.now(UTC)
    assert claim(database, footage, new_owner())


def test_a_process_that_got_the_number_of_a_dead_one_does_not_keep_its_footage_alive(database, footage):
    machine, number, start, token = new_owner().split()
    claim(database, footage, " ".join([machine, number, str(int(start) - 1), token]))
    assert claim(database, footage, new_owner())


def test_a_process_that_proc_hides_is_alive_all_the_same(monkeypatch):
    monkeypatch.setattr("surveil.ingest.leases._start_of", lambda pid: None)  # hidepid=2, another user's process
    machine, _, _, token = new_owner().split()
    assert not is_dead(f"{machine} {os.getppid()} 1234 {token}")


def test_footage_that_kills_its_workers_is_given_up(database, footage):
    for attempts in range(MAX_ATTEMPTS):
        assert claim_next(database, [footage], ELSEWHERE).attempts == attempts
        expire(database)
    assert not claim(database, footage, new_owner())
    given_up = row(database)
    assert (given_up.state, given_up.lease_owner) == ("failed", None)
    assert "its worker died 3 times" in given_up.error
    for again, ours in ((False, False), (True, True)):
        register_footage(database, source("a" * 64), again=again)
        assert claim(database, footage, new_owner()) is ours
    assert (row(database).attempts, row(database).error) == (0, None)


def test_footage_on_which_a_worker_died_comes_last(database):
    poisonous, second, third = (register_footage(database, source(letter * 64))[0] for letter in "abc")
    claim(database, poisonous, ELSEWHERE)
    expire(database)
    ids = [poisonous, second, third]
    assert claim_next(database, ids, new_owner()).footage_id == second
    assert claim_next(database, [poisonous], new_owner(), fresh=True) is None
    assert [claim_next(database, ids, new_owner()).footage_id for _ in range(2)] == [third, poisonous]


def test_what_is_done_is_not_claimed(database, footage):
    change(database, state="done")
    assert not claim(database, footage, new_owner())


def test_giving_back_is_no_attempt_however_often(database, footage):
    owner = new_owner()
    for _ in range(2 * MAX_ATTEMPTS):
        assert claim(database, footage, owner)
        release(database, footage, owner)
    back = row(database)
    assert (back.state, back.attempts, back.lease_owner, back.lease_until) == ("waiting", 0, None, None)
    claim(database, footage, ELSEWHERE)
    release(database, footage, owner)
    assert row(database).lease_owner == ELSEWHERE, "only the holder can give it back"


def test_leases_go_by_the_clock_of_the_database(postgres_url, monkeypatch):
    class Late(datetime):
        @classmethod
        def now(cls, zone=None):
            return super().now(zone) + timedelta(days=1)

    with Database.open(postgres_url) as database:
        footage, _ = register_footage(database, source("a" * 64))
        monkeypatch.setattr("surveil.ingest.leases.datetime", Late)
        claim(database, footage, ELSEWHERE)
        assert row(database).lease_until < datetime.now(UTC) + timedelta(hours=1)
        assert not claim(database, footage, new_owner()), "a worker whose clock is a day late takes nothing over"


def test_renewing_prolongs_only_ones_own_lease(database, footage):
    owner = new_owner()
    claim(database, footage, owner)
    expire(database)
    assert renew(database, footage, owner)
    assert row(database).lease_until > datetime.now(UTC)
    change(database, lease_owner=ELSEWHERE)
    assert not renew(database, footage, owner)


def wait_for(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_heartbeat_renews_and_sees_that_the_lease_is_lost(database, footage):
    owner = new_owner()
    claim(database, footage, owner)
    expire(database)
    with Heartbeat(database, footage, owner, every=0.02) as heartbeat:
        wait_for(lambda: row(database).lease_until > datetime.now(UTC))
        assert not heartbeat.lost
        change(database, lease_owner=ELSEWHERE)
        wait_for(lambda: heartbeat.lost)


def test_a_heartbeat_outlives_a_database_that_is_away_for_a_while(database, footage, monkeypatch):
    owner, tries = new_owner(), []

    def renew_or_fail(*call):
        tries.append(call)
        if len(tries) < 4:
            raise StoreUnavailableError("away", "database")
        return renew(*call)

    monkeypatch.setattr("surveil.ingest.leases.renew", renew_or_fail)
    claim(database, footage, owner)
    expire(database)
    with Heartbeat(database, footage, owner, every=0.02) as heartbeat:
        wait_for(lambda: row(database).lease_until > datetime.now(UTC))
    assert not heartbeat.lost
