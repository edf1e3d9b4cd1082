import contextlib
from datetime import timedelta
from threading import Barrier, Thread

import pytest

from surveil.accounts import tries
from surveil.errors import SignInError, SurveilError, TooManyTriesError
from surveil.store.account_tables import SignIn, SignInTry, StartLink

PASSWORD = "correct horse battery"


def age(database, column, **by):
    """Make the rows of a table older than they are."""
    with database.session() as session:
        for row in session.query(column.class_):
            setattr(row, column.key, getattr(row, column.key) - timedelta(**by))


def test_a_session_holds_until_it_is_signed_out_or_expires(accounts, database):
    first, second = (accounts.sign_in("maria", PASSWORD, "127.0.0.1") for _ in range(2))
    assert first.secret != second.secret
    assert accounts.signed_in(first.secret) == accounts.signed_in(second.secret) == first.actor
    accounts.sign_out(first.secret)
    assert accounts.signed_in(first.secret) is None
    assert accounts.signed_in(second.secret) is not None
    age(database, SignIn.expires_at, hours=13)
    assert accounts.signed_in(second.secret) is None
    for none in ("", "x", "\udcff"):
        assert accounts.signed_in(none) is None


def test_secrets_are_stored_as_hashes_only(accounts, database):
    signed_in = accounts.sign_in("maria", PASSWORD, "127.0.0.1")
    token = accounts.make_token("Maria", "report", ["search"])
    with database.engine.connect() as connection:
        for table in ("sign_in", "api_token"):
            stored = str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())
            assert signed_in.secret not in stored
            assert token.secret not in stored


def test_a_wrong_name_says_no_more_than_a_wrong_password(accounts):
    said = []
    for name, password in (("Maria", "wrong"), ("Nobody", PASSWORD), ("Maria", "")):
        with pytest.raises(SignInError) as error:
            accounts.sign_in(name, password, "127.0.0.1")
        said.append(str(error.value))
    assert len(set(said)) == 1


def test_tries_are_limited_per_name_and_forgiven_by_the_clock(accounts, database, monkeypatch):
    monkeypatch.setattr(tries, "MAX_PER_NAME", 3)
    for number in range(3):
        with pytest.raises(SignInError, match="wrong"):
            accounts.sign_in("Maria", "wrong", f"10.0.0.{number}")
    with pytest.raises(TooManyTriesError) as error:
        accounts.sign_in("maria", PASSWORD, "10.0.0.9")
    assert 800 < error.value.seconds <= tries.WINDOW_SECONDS
    assert accounts.sign_in("Root", PASSWORD, "10.0.0.9").actor.name == "Root", "another name is not concerned"
    age(database, SignInTry.tried_at, seconds=tries.WINDOW_SECONDS)
    assert accounts.sign_in("Maria", PASSWORD, "10.0.0.9").actor.name == "Maria"


def test_tries_are_limited_per_address(accounts, monkeypatch):
    monkeypatch.setattr(tries, "MAX_PER_ADDRESS", 2)
    for name in ("a", "b"):
        with pytest.raises(SignInError, match="wrong"):
            accounts.sign_in(name, "wrong", "10.0.0.1")
    with pytest.raises(TooManyTriesError):
        accounts.sign_in("Maria", PASSWORD, "10.0.0.1")
    assert accounts.sign_in("Maria", PASSWORD, "10.0.0.2").actor.name == "Maria"


def test_success_does_not_count(accounts, monkeypatch):
    monkeypatch.setattr(tries, "MAX_PER_NAME", 2)
    for _ in range(4):
        accounts.sign_in("Maria", PASSWORD, "10.0.0.1")


def test_a_try_that_was_refused_prolongs_nothing(accounts, database, monkeypatch):
    monkeypatch.setattr(tries, "MAX_PER_NAME", 2)
    for _ in range(2):
        with pytest.raises(SignInError):
            accounts.sign_in("Maria", "wrong", "10.0.0.1")
    age(database, SignInTry.tried_at, seconds=tries.WINDOW_SECONDS - 60)
    for _ in range(3):
        with pytest.raises(TooManyTriesError) as error:
            accounts.sign_in("Maria", PASSWORD, "10.0.0.1")
    assert error.value.seconds <= 60
    age(database, SignInTry.tried_at, seconds=60)
    assert accounts.sign_in("Maria", PASSWORD, "10.0.0.1").actor.name == "Maria"


def test_of_many_tries_at_once_no_more_get_through(database, monkeypatch):
    monkeypatch.setattr(tries, "MAX_PER_NAME", 3)
    start, through = Barrier(8), []

    def attempt():
        start.wait()
        with contextlib.suppress(TooManyTriesError):
            through.append(tries.begin(database, name="maria", address="10.0.0.1"))

    threads = [Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(through) <= 3


def test_the_first_link_works_once_and_only_before_there_are_accounts(archive):
    old, link = archive.accounts.new_start_link(), archive.accounts.new_start_link()
    assert not archive.accounts.is_start_link(old)
    assert archive.accounts.is_start_link(link)
    with pytest.raises(SurveilError, match="a password has"):
        archive.accounts.use_start_link(link, "Root", "short")
    with pytest.raises(SignInError):
        archive.accounts.use_start_link(old, "Root", PASSWORD)
    signed_in = archive.accounts.use_start_link(link, "Root", PASSWORD)
    assert signed_in.actor.role == "admin"
    assert archive.accounts.signed_in(signed_in.secret) == signed_in.actor
    with pytest.raises(SignInError, match="used"):
        archive.accounts.use_start_link(link, "Other", PASSWORD)
    assert archive.accounts.new_start_link() is None


def test_the_first_link_grows_old_and_is_nothing_once_there_is_an_account(archive, database):
    link = archive.accounts.new_start_link()
    age(database, StartLink.expires_at, hours=2)
    assert not archive.accounts.is_start_link(link)
    with pytest.raises(SignInError, match="too old"):
        archive.accounts.use_start_link(link, "Root", PASSWORD)
    link = archive.accounts.new_start_link()
    archive.accounts.add("Ben", PASSWORD, "viewer")
    with pytest.raises(SignInError):
        archive.accounts.use_start_link(link, "Root", PASSWORD)


def test_a_password_changed_while_somebody_signs_in_wins(accounts, database, monkeypatch):
    from surveil.accounts import signing_in

    def change_meanwhile(password, password_hash):
        accounts.set_password("Maria", "another horse battery")
        return True

    monkeypatch.setattr(signing_in, "is_password", change_meanwhile)
    with pytest.raises(SignInError):
        accounts.sign_in("Maria", PASSWORD, "10.0.0.1")
    with database.session() as session:
        assert session.query(SignIn).count() == 0
