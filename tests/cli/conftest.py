"""Commands stand above the store: they are tested on SQLite, and on Postgres in `make test-slow`."""

import pytest


@pytest.fixture
def database_url(seldom_database_url):
    return seldom_database_url
