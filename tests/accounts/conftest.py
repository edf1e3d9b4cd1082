"""Accounts on either database, through the archive's door."""

import pytest
from argon2 import PasswordHasher

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch):
    """Hashing takes a tenth of a second by design; how it is done is tested on its own."""
    monkeypatch.setattr("surveil.accounts.secrets._HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
def accounts(archive):
    """An administrator and an investigator, both with the same password."""
    archive.accounts.add("Root", PASSWORD, "admin")
    archive.accounts.add("Maria", PASSWORD, "investigator")
    return archive.accounts
