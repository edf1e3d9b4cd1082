"""Accounts on either database, through the archive's door."""

import pytest

import surveil

PASSWORD = "correct horse battery"


@pytest.fixture
def archive(database, media):
    with surveil.open(database.url, media=media.folder) as opened:
        yield opened


@pytest.fixture
def accounts(archive):
    """An administrator and an investigator, both with the same password."""
    archive.accounts.add("Root", PASSWORD, "admin")
    archive.accounts.add("Maria", PASSWORD, "investigator")
    return archive.accounts
