"""Accounts: who may do what, which cameras they may see, and their API tokens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from surveil.accounts.permissions import ACTIONS, ROLES
from surveil.web.access import KeepAccounts

router = APIRouter(prefix="/accounts")
Text = Annotated[str, Form(max_length=500)]
Texts = Annotated[list[str], Form()]


@router.get("")
def accounts_page(view: KeepAccounts) -> Response:
    """All accounts and tokens."""
    return _page(view)


@router.post("")
def add(view: KeepAccounts, name: Text, password: Text, role: Text) -> Response:
    """Add an account."""
    with view.acting("accounts", {"add": name, "role": role}):
        view.archive.accounts.add(name, password, role)
    return RedirectResponse("/accounts", 303)


@router.post("/role")
def set_role(view: KeepAccounts, name: Text, role: Text) -> Response:
    """Give an account another role."""
    with view.acting("accounts", {"user": name, "role": role}):
        view.archive.accounts.set_role(name, role)
    return RedirectResponse("/accounts", 303)


@router.post("/password")
def set_password(view: KeepAccounts, name: Text, password: Text) -> Response:
    """Set a password, which signs the account out everywhere."""
    with view.acting("accounts", {"user": name, "password": "set"}):
        view.archive.accounts.set_password(name, password)
    return RedirectResponse("/accounts", 303)


@router.post("/disabled")
def disable(view: KeepAccounts, name: Text, disabled: Annotated[bool, Form()]) -> Response:
    """Disable an account, or let it sign in again."""
    with view.acting("accounts", {"user": name, "disabled": disabled}):
        view.archive.accounts.disable(name, disabled)
    return RedirectResponse("/accounts", 303)


@router.post("/cameras")
def set_cameras(
    view: KeepAccounts, role: Text, all_cameras: Annotated[bool, Form()] = False, camera: Texts | None = None
) -> Response:
    """The cameras that a role may see."""
    granted = None if all_cameras else camera or []
    with view.acting("accounts", {"role": role, "cameras": granted}):
        view.archive.accounts.set_role_cameras(role, granted)
    return RedirectResponse("/accounts", 303)


@router.post("/tokens")
def make_token(
    view: KeepAccounts, name: Text, purpose: Text, scope: Texts, days: Annotated[float, Form(gt=0, le=366)]
) -> Response:  # fmt: skip
    """Make an API token; its secret is shown once."""
    with view.acting("accounts", {"user": name, "token": purpose, "scopes": scope}):
        made = view.archive.accounts.make_token(name, purpose, scope, days=days)
    return _page(view, secret=made.secret)


@router.post("/tokens/{token}/revoke")
def revoke(view: KeepAccounts, token: int) -> Response:
    """Revoke an API token."""
    with view.acting("accounts", {"revoke": token}):
        view.archive.accounts.revoke_token(token)
    return RedirectResponse("/accounts", 303)


def _page(view: KeepAccounts, secret: str | None = None) -> Response:
    known = view.archive.accounts.users()
    return view.page(
        "accounts.html", users=known.users, role_cameras=known.role_cameras, roles=ROLES, actions=ACTIONS,
        cameras=[camera.camera for camera in view.archive.cameras().cameras],
        tokens=view.archive.accounts.tokens().tokens, secret=secret,
    )  # fmt: skip
