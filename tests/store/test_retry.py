"""Trying again what failed because something was away for a while."""

import logging

import pytest

from surveil.errors import LeaseLostError, StoreDeadlockError, StoreError, StoreUnavailableError
from surveil.store import retry as retrying
from surveil.store.retry import FIRST_WAIT, MAX_WAIT, RETRY_SECONDS, once_more, retry


class Clock:
    """Time that goes on only while somebody waits."""

    def __init__(self, monkeypatch):
        self.now, self.waits = 1000.0, []
        monkeypatch.setattr(retrying.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(retrying.time, "sleep", self.wait)

    def wait(self, seconds):
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


class Failing:
    """Fails so many times, then gives its argument."""

    def __init__(self, times, error):
        self.left, self.error, self.calls = times, error, 0

    def __call__(self, value="done"):
        self.calls += 1
        if self.left:
            self.left -= 1
            raise self.error
        return value


AWAY = StoreUnavailableError("the server is away", "db", "Start it.")


def test_what_works_is_done_once_and_nobody_waits(clock):
    action = Failing(0, AWAY)
    assert retry(action, clock.wait) == "done"
    assert (action.calls, clock.waits) == (1, [])


def test_waits_grow_to_a_limit_and_each_failure_is_told(clock, caplog):
    with caplog.at_level(logging.WARNING):
        assert retry(Failing(9, AWAY), clock.wait) == "done"
    assert clock.waits[:3] == [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT]
    assert all(later == min(2 * wait, MAX_WAIT) for wait, later in zip(clock.waits, clock.waits[1:], strict=False))
    assert clock.waits[-1] == MAX_WAIT
    assert caplog.messages[0] == (f"db: the server is away. Start it. Trying again in {FIRST_WAIT:g} s.")
    assert len(caplog.records) == 9


def test_it_is_given_up_in_time(clock):
    action = Failing(10**6, AWAY)
    with pytest.raises(StoreUnavailableError, match="away"):
        retry(action, clock.wait)
    assert RETRY_SECONDS - MAX_WAIT <= sum(clock.waits) <= RETRY_SECONDS


def test_waiting_ends_when_nobody_waits_for_the_result(clock):
    with pytest.raises(StoreUnavailableError):
        retry(Failing(3, AWAY), lambda seconds: clock.wait(seconds) or True)
    assert len(clock.waits) == 1


@pytest.mark.parametrize("error", [StoreError("damaged"), LeaseLostError("lost"), ValueError("no")])
def test_what_will_not_pass_is_not_tried_again(clock, error):
    action = Failing(1, error)
    with pytest.raises(type(error)):
        retry(action, clock.wait)
    assert (action.calls, clock.waits) == (1, [])


def test_a_broken_off_transaction_is_done_once_more_and_only_once(clock):
    broken_off = StoreDeadlockError("deadlock detected", "db", "Do it again.")
    action = Failing(1, broken_off)
    assert once_more(action.__call__)("again") == "again"
    assert (action.calls, clock.waits) == (2, [FIRST_WAIT])
    action = Failing(2, broken_off)
    with pytest.raises(StoreDeadlockError):
        once_more(action.__call__)()
    assert action.calls == 2


def test_other_failures_of_a_transaction_are_not_repeated(clock):
    action = Failing(1, AWAY)
    with pytest.raises(StoreUnavailableError):
        once_more(action.__call__)()
    assert action.calls == 1
