"""Accounts, the cameras of roles, and API tokens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from surveil.accounts.permissions import ACTIONS, Role
from surveil.app import NewToken, TokenList, User, UserList
from surveil.errors import SurveilError
from surveil.web.access import KeepAccounts, See, View
from surveil.web.api.models import Me, Number, RoleCameras, TokenDraft, UserChange, UserDraft
from surveil.web.api.paging import answer
from surveil.web.problems import MissingError

router = APIRouter(tags=["accounts"])
Name = Annotated[str, Path(min_length=1, max_length=200, examples=["maria"])]


@router.get("/me", response_model=Me)
def me(view: See) -> Response:
    """Who asks, and what they may do."""
    actor = view.actor
    cameras = None if actor.cameras is None else tuple(sorted(actor.cameras))
    may = tuple(action for action in ACTIONS if actor.may(action))
    return answer(view.request, Me(name=actor.name, role=actor.role, cameras=cameras, may=may))


@router.get("/users", response_model=UserList)
def users(view: KeepAccounts) -> Response:
    """The accounts by name, and the cameras of the roles that may not see all."""
    return answer(view.request, view.archive.accounts.users())


@router.post("/users", response_model=User, status_code=201)
def add_user(view: KeepAccounts, draft: UserDraft) -> Response:
    """Add an account."""
    with view.acting("accounts", {"add": draft.name, "role": draft.role}):
        added = view.archive.accounts.add(draft.name, draft.password, draft.role, cameras=draft.cameras)
    return answer(view.request, added, 201)


@router.patch("/users/{name:path}", response_model=User)
def change_user(view: KeepAccounts, name: Name, change: UserChange) -> Response:
    """Change an account: what is left out stays as it is. It holds from the account's next request on."""
    accounts, changed = view.archive.accounts, _user(view, name)
    said = change.model_dump(exclude_unset=True, exclude={"password"})
    given = change.model_fields_set
    with view.acting("accounts", {"user": name, **said} | ({"password": "set"} if change.password else {})):
        if change.role is not None:
            changed = accounts.set_role(name, change.role)
        if change.password is not None:
            changed = accounts.set_password(name, change.password)
        if "cameras" in given:
            changed = accounts.set_cameras(name, change.cameras)
        if change.disabled is not None:
            changed = accounts.disable(name, change.disabled)
    return answer(view.request, changed)


@router.put("/roles/{role}/cameras", response_model=RoleCameras)
def set_role_cameras(view: KeepAccounts, role: Role, granted: RoleCameras) -> Response:
    """The only cameras that a role may see; null: all."""
    with view.acting("accounts", {"role": role, **granted.model_dump(mode="json")}):
        view.archive.accounts.set_role_cameras(role, granted.cameras)
    return answer(view.request, granted)


@router.get("/tokens", response_model=TokenList)
def tokens(view: KeepAccounts) -> Response:
    """The API tokens, without their secrets; those that do not hold any more too."""
    return answer(view.request, view.archive.accounts.tokens())


@router.post("/tokens", response_model=NewToken, status_code=201)
def make_token(view: KeepAccounts, draft: TokenDraft) -> Response:
    """Make an API token; its secret is told here and never again."""
    with view.acting("accounts", {"user": draft.user, "token": draft.name, "scopes": list(draft.scopes)}):
        made = view.archive.accounts.make_token(draft.user, draft.name, draft.scopes, days=draft.days)
    return answer(view.request, made, 201)


@router.delete("/tokens/{token}", status_code=204)
def revoke_token(view: KeepAccounts, token: Number) -> Response:
    """Revoke an API token, at once."""
    if token not in {one.token for one in view.archive.accounts.tokens().tokens}:
        raise MissingError(f"no token has the number {token}")
    with view.acting("accounts", {"revoke": token}):
        view.archive.accounts.revoke_token(token)
    return Response(status_code=204)


def _user(view: View, name: str) -> User:
    try:
        return view.archive.accounts.user(name)
    except SurveilError as error:
        raise MissingError(error.what, error.where) from error
