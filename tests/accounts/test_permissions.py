import itertools

import pytest

from surveil.accounts.permissions import ACTIONS, PERMISSIONS, ROLES, Actor, checked_role, checked_scopes
from surveil.errors import PermissionDeniedError, SurveilError


def test_every_role_may_do_more_than_the_one_before_and_an_admin_everything():
    for less, more in itertools.pairwise(ROLES):
        assert PERMISSIONS[less] < PERMISSIONS[more]
    assert PERMISSIONS["admin"] == set(ACTIONS)


@pytest.mark.parametrize(
    ("role", "action", "allowed"),
    [
        ("viewer", "search", True),
        ("viewer", "export", False),
        ("investigator", "decide", True),
        ("investigator", "delete", False),
        ("investigator", "audit", False),
        ("supervisor", "audit", True),
        ("supervisor", "accounts", False),
    ],
)
def test_what_roles_may(role, action, allowed):
    actor = Actor("maria", role)
    assert actor.may(action) is allowed
    if not allowed:
        with pytest.raises(PermissionDeniedError, match="maria"):
            actor.check(action)


def test_scopes_only_take_away():
    assert not Actor("maria", "admin", scopes=frozenset({"search"})).may("delete")
    assert not Actor("maria", "viewer", scopes=frozenset({"delete"})).may("delete")


def test_scopes_are_kept_as_they_were_given_in_the_tables_order():
    assert checked_scopes(("delete", "search", "delete")) == ("search", "delete")
    assert checked_scopes(ACTIONS[::-1]) == ACTIONS


def test_what_is_not_in_the_table_is_refused():
    with pytest.raises(SurveilError, match="viewer, investigator"):
        checked_role("king")
    with pytest.raises(SurveilError, match="fly"):
        checked_scopes(("search", "fly"))
    with pytest.raises(SurveilError, match="none given"):
        checked_scopes(())
