from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, insert, select
from sqlalchemy.exc import StatementError

from surveil.store.columns import HalfVector, UTCDateTime

TABLE = Table("value", MetaData(), Column("id", Integer), Column("time", UTCDateTime), Column("vector", HalfVector))
ON_ONE_DATABASE = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(1902, 1, 1), datetime(2200, 1, 1))


@pytest.fixture
def table(database):
    with database.session() as session:
        TABLE.create(session.connection())
    return TABLE


def round_trip(database, column, value):
    with database.session() as session:
        session.execute(insert(TABLE).values({column: value}))
        [result] = session.scalars(select(column))
        session.rollback()
    return result


@ON_ONE_DATABASE
@given(time=TIMES, zone=ZONES)
def test_a_time_comes_back_as_the_same_moment_in_utc(database, table, time, zone):
    moment = time.replace(tzinfo=zone)
    result = round_trip(database, table.c.time, moment)
    assert result == moment
    assert result.tzinfo is UTC


@ON_ONE_DATABASE
@given(time=TIMES)
def test_a_naive_time_is_refused(database, table, time):
    with pytest.raises(StatementError, match="naive time"), database.session() as session:
        session.execute(insert(table).values(time=time))


def test_times_of_different_zones_are_ordered_by_moment(database, table):
    east, west = timezone(timedelta(hours=9)), timezone(timedelta(hours=-8))
    moments = [
        datetime(2024, 1, 2, 3, tzinfo=east),
        datetime(2024, 1, 1, 12, tzinfo=west),
        datetime(2024, 1, 1, 19, tzinfo=UTC),
    ]
    with database.session() as session:
        session.execute(insert(table), [{"time": moment} for moment in moments])
        assert session.scalars(select(table.c.time).order_by(table.c.time)).all() == sorted(moments)
        after = (
            select(table.c.time).where(table.c.time > datetime(2024, 1, 2, 3, 30, tzinfo=east)).order_by(table.c.time)
        )
        assert session.scalars(after).all() == sorted(moments)[1:]


@ON_ONE_DATABASE
@given(seed=st.integers(0, 2**32 - 1))
def test_a_vector_comes_back_bit_for_bit(database, table, seed):
    bits = np.random.default_rng(seed).integers(0, 2**16, 544).astype(np.uint16).view(np.float16)
    vector = np.nan_to_num(bits, nan=0.5, posinf=1.0, neginf=-1.0)
    result = round_trip(database, table.c.vector, vector)
    assert result.dtype == np.float16
    np.testing.assert_array_equal(result, vector)


@pytest.mark.parametrize("wrong", [np.zeros(543), np.zeros((1, 544)), np.full(544, np.nan), np.full(544, 1e6)])
def test_a_vector_of_another_shape_or_not_finite_is_refused(database, table, wrong):
    with np.errstate(over="ignore"), pytest.raises(StatementError, match="expected 544"), database.session() as session:
        session.execute(insert(table).values(vector=wrong))
