"""So much for everybody in a time, and what one takes is not there for others' sake only."""

import pytest

from surveil.web import quota
from surveil.web.problems import QuotaError
from surveil.web.quota import Quota


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is set: a list with one number of seconds."""
    now = [1000.0]
    monkeypatch.setattr(quota.time, "monotonic", lambda: now[0])
    return now


def test_each_has_so_many_and_then_waits_until_the_first_is_over(clock):
    films = Quota(2, 60.0, "films a minute")
    films.take("maria")
    clock[0] += 20
    films.take("maria")
    with pytest.raises(QuotaError, match="2 films a minute") as error:
        films.take("maria")
    assert error.value.seconds == pytest.approx(40)
    films.take("jan")
    clock[0] += 39.9
    with pytest.raises(QuotaError):
        films.take("maria")
    clock[0] += 0.1
    films.take("maria")
    with pytest.raises(QuotaError) as error:
        films.take("maria")
    assert error.value.seconds == pytest.approx(20), "refused tries are not counted"


def test_a_quota_of_none_gives_none(clock):
    with pytest.raises(QuotaError) as error:
        Quota(0, 60.0, "films").take("maria")
    assert error.value.seconds == 60
