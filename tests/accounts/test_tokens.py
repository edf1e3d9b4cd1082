from datetime import timedelta

import pytest

from surveil.errors import SurveilError
from surveil.store.account_tables import ApiToken


def test_a_token_acts_for_its_user_within_its_scopes(accounts):
    made = accounts.make_token("maria", "report", ["see", "search", "delete"])
    actor = accounts.of_token(made.secret)
    assert (actor.name, actor.role) == ("Maria", "investigator")
    assert [actor.may(action) for action in ("search", "see", "decide", "delete")] == [True, True, False, False]
    assert made.secret.startswith("surveil_")
    assert accounts.of_token(made.secret[:-1]) is None
    [listed] = accounts.tokens("Maria").tokens
    assert listed.model_dump() == {name: value for name, value in made.model_dump().items() if name != "secret"}
    assert accounts.tokens("Root").tokens == ()


def test_a_token_ends(accounts, database):
    revoked, expired = (accounts.make_token("Maria", name, ["search"], days=1) for name in ("a", "b"))
    first = accounts.revoke_token(revoked.token).revoked_at
    assert accounts.revoke_token(revoked.token).revoked_at == first
    assert accounts.of_token(revoked.secret) is None
    assert accounts.of_token(expired.secret) is not None
    with database.session() as session:
        session.get(ApiToken, expired.token).expires_at -= timedelta(days=1)
    assert accounts.of_token(expired.secret) is None


def test_what_makes_no_token(accounts):
    usual = {"user": "Maria", "name": "report", "scopes": ["search"], "days": 1}
    for wrong, says in (
        ({"user": "Nobody"}, "no account"),
        ({"scopes": ["fly"]}, "fly"),
        ({"scopes": []}, "none given"),
        ({"days": 0}, "366"),
        ({"days": 400}, "366"),
        ({"days": float("nan")}, "366"),
        ({"name": " "}, "a name has"),
    ):
        asked = usual | wrong
        with pytest.raises(SurveilError, match=says):
            accounts.make_token(asked["user"], asked["name"], asked["scopes"], days=asked["days"])
    with pytest.raises(SurveilError, match="no token has the number 7"):
        accounts.revoke_token(7)
