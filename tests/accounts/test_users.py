import pytest

from surveil.errors import SignInError, SurveilError

PASSWORD = "correct horse battery"


def named(accounts, name):
    return next(user for user in accounts.users().users if user.name == name)


def test_names_differ_by_more_than_case_and_form(accounts):
    for same in ("maria", "MARIA", " Maria ", "\uff2daria"):
        with pytest.raises(SurveilError, match="already"):
            accounts.add(same, PASSWORD, "viewer")
    for none in ("", "  ", "a\nb", "os:root", "x" * 201):
        with pytest.raises(SurveilError, match="a name has"):
            accounts.add(none, PASSWORD, "viewer")
    with pytest.raises(SurveilError, match="a password has"):
        accounts.add("Ben", "short", "viewer")
    assert [user.name for user in accounts.users().users] == ["Maria", "Root"]


def test_no_password_is_in_the_database_or_in_a_result(accounts, database):
    with database.engine.connect() as connection:
        [(stored,)] = connection.exec_driver_sql("SELECT password_hash FROM account WHERE name = 'Maria'").all()
    assert stored.startswith("$argon2id$")
    assert "argon2" not in accounts.users().model_dump_json()


def test_the_last_administrator_stays_one(accounts):
    for action in (lambda: accounts.set_role("Root", "viewer"), lambda: accounts.disable("root")):
        with pytest.raises(SurveilError, match="nobody would be left"):
            action()
    assert named(accounts, "Root").role == "admin"
    accounts.set_role("Maria", "admin")
    accounts.disable("Root")
    assert named(accounts, "Root").disabled_at is not None


def test_a_new_role_holds_at_once_and_a_new_password_ends_sessions(accounts):
    session = accounts.sign_in("maria", PASSWORD, "127.0.0.1")
    accounts.set_role("Maria", "viewer")
    assert accounts.signed_in(session.secret).role == "viewer"
    accounts.set_password("Maria", "another horse battery")
    assert accounts.signed_in(session.secret) is None
    with pytest.raises(SignInError):
        accounts.sign_in("Maria", PASSWORD, "127.0.0.1")
    assert accounts.sign_in("Maria", "another horse battery", "127.0.0.1").actor.name == "Maria"


def test_a_disabled_account_is_out_everywhere(accounts):
    session = accounts.sign_in("Maria", PASSWORD, "127.0.0.1")
    token = accounts.make_token("Maria", "report", ["search"])
    accounts.disable("Maria")
    assert accounts.signed_in(session.secret) is None
    assert accounts.of_token(token.secret) is None
    for action in (lambda: accounts.sign_in("Maria", PASSWORD, "::1"), lambda: accounts.trusted("Maria")):
        with pytest.raises(SignInError):
            action()
    accounts.disable("Maria", False)
    assert accounts.of_token(token.secret) is None, "a revoked token stays revoked"
    assert accounts.signed_in(session.secret) is None, "and who was signed out stays so"
    assert accounts.sign_in("Maria", PASSWORD, "::1").actor.name == "Maria"


def test_cameras_are_those_that_account_and_role_both_may_see(accounts, fill, made_up):
    for camera in ("gate", "hall", "yard"):
        fill([made_up()], camera=camera)
    assert accounts.trusted("maria").cameras is None
    accounts.set_cameras("Maria", ["gate", "hall"])
    accounts.set_role_cameras("investigator", ["hall", "yard"])
    assert accounts.trusted("maria").cameras == {"hall"}
    assert accounts.users().role_cameras == {"investigator": ("hall", "yard")}
    accounts.set_role_cameras("investigator", None)
    assert accounts.trusted("maria").cameras == {"gate", "hall"}
    accounts.set_cameras("Maria", [])
    assert accounts.trusted("maria").cameras == frozenset()
    with pytest.raises(SurveilError, match="no camera is called 'moon'"):
        accounts.set_cameras("Maria", ["moon"])
