import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from surveil.ingest.queue import MAX_ATTEMPTS, Heartbeat, claim, is_ours, new_owner, release, renew
from surveil.store.register import register_footage
from surveil.store.tables import Footage
from surveil.types import Source

START = datetime(2026, 9, 14, 8, tzinfo=UTC)
ELSEWHERE = "another-machine/pid:[1] 77 1234 abcd"
"""An owner of whom this machine cannot say whether he lives."""


@pytest.fixture
def footage(database) -> int:
    return register_footage(database, Source(Path("/f/a.mp4"), "video", "yard", "path", START, "path", "a" * 64))[0]


def row(database):
    with database.session() as session:
        return session.scalars(select(Footage)).one()


def change(database, **values):
    with database.session() as session:
        session.execute(update(Footage).values(values))


def expire(database):
    change(database, lease_until=datetime.now(UTC) - timedelta(seconds=1))


def owner_of_a_dead_process() -> str:
    code = "from surveil.ingest.queue import new_owner; print(new_owner())"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_of_many_who_claim_at_once_one_succeeds(database, footage):
    outcomes, gate = [], threading.Barrier(8)

    def worker():
        owner = new_owner()
        gate.wait()
        outcomes.append((claim(database, footage, owner), owner))

    threads = [threading.Thread(target=worker) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(outcome for outcome, _ in outcomes) == ["busy"] * 7 + ["ours"]
    [winner] = [owner for outcome, owner in outcomes if outcome == "ours"]
    claimed = row(database)
    assert (claimed.state, claimed.lease_owner, claimed.attempts) == ("working", winner, 1)
    assert claimed.lease_until > datetime.now(UTC)


def test_a_living_worker_keeps_its_footage(database, footage):
    assert claim(database, footage, new_owner()) == "ours"
    assert claim(database, footage, new_owner()) == "busy"


def test_a_worker_elsewhere_keeps_its_footage_until_its_lease_runs_out(database, footage):
    claim(database, footage, ELSEWHERE)
    assert claim(database, footage, new_owner()) == "busy"
    expire(database)
    assert claim(database, footage, new_owner()) == "ours"
    assert row(database).attempts == 2


def test_a_dead_process_of_this_machine_holds_nothing(database, footage):
    claim(database, footage, owner_of_a_dead_process())
    assert row(database).lease_until > datetime.now(UTC)
    assert claim(database, footage, new_owner()) == "ours"


def test_a_process_that_got_the_number_of_a_dead_one_does_not_keep_its_footage_alive(database, footage):
    machine, number, start, token = new_owner().split()
    claim(database, footage, " ".join([machine, number, str(int(start) - 1), token]))
    assert claim(database, footage, new_owner()) == "ours"


def test_footage_that_kills_its_workers_is_given_up(database, footage):
    for _ in range(MAX_ATTEMPTS):
        assert claim(database, footage, ELSEWHERE) == "ours"
        expire(database)
    assert claim(database, footage, new_owner()) == "failed"
    given_up = row(database)
    assert (given_up.state, given_up.error, given_up.lease_owner) == ("failed", "its worker died 3 times", None)
    assert claim(database, footage, new_owner()) == "ours", "the next ingest tries what failed again"
    assert (row(database).attempts, row(database).error) == (1, None)


def test_what_is_done_is_not_claimed(database, footage):
    change(database, state="done")
    assert claim(database, footage, new_owner()) == "done"


def test_giving_back_undoes_the_claim(database, footage):
    owner = new_owner()
    claim(database, footage, owner)
    release(database, footage, owner)
    back = row(database)
    assert (back.state, back.attempts, back.lease_owner, back.lease_until) == ("waiting", 0, None, None)
    claim(database, footage, ELSEWHERE)
    release(database, footage, owner)
    assert is_ours(database, footage, ELSEWHERE), "only the holder can give it back"


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
