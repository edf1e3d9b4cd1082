"""Commands stand above the store: they are tested on SQLite, and on Postgres in `make test-slow`."""

import pytest


@pytest.fixture
def database_url(seldom_database_url):
    return seldom_database_url


@pytest.fixture(autouse=True)
def no_measured_runtimes(monkeypatch):
    """To find the faster runtime of an untrained network takes longer than all that it is asked for here."""
    monkeypatch.setenv("SURVEIL_RUNTIME", "torch")
