"""What each role may do. This is the one table; everything else asks it."""

from __future__ import annotations

from dataclasses import dataclass
from getpass import getuser
from typing import Literal, get_args

from surveil.errors import PermissionDeniedError, SurveilError

Role = Literal["viewer", "investigator", "supervisor", "admin"]
Action = Literal["search", "see", "decide", "save", "case", "export", "ingest", "camera", "audit", "delete", "accounts"]
ROLES: tuple[Role, ...] = get_args(Role)
ACTIONS: tuple[Action, ...] = get_args(Action)

_VIEWER: frozenset[Action] = frozenset({"search", "see"})
_INVESTIGATOR: frozenset[Action] = _VIEWER | {"decide", "save", "case", "export"}
_SUPERVISOR: frozenset[Action] = _INVESTIGATOR | {"ingest", "camera", "audit", "delete"}
PERMISSIONS: dict[Role, frozenset[Action]] = {
    "viewer": _VIEWER,
    "investigator": _INVESTIGATOR,
    "supervisor": _SUPERVISOR,
    "admin": _SUPERVISOR | {"accounts"},
}
"""`search` the sightings; `see` sightings, identities, footage, counts and clips; `decide` about identities; `save` and
watch searches; keep a `case`; `export` evidence, tables and sheets; `ingest` footage and group sightings; set a
`camera`; read the `audit`; `delete` footage and people, and run the retention; keep `accounts`, tokens and grants."""

OF_MACHINE = "os:"
"""What the name of an actor begins with who has no account but the machine's own; no account's name holds a colon."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts, and what they may do.

    Attributes:
        name: The account's name, or "os:NAME" for a user of the machine who has the database in their hands anyway.
        role: The account's role.
        cameras: Names of the only cameras they may see; None: all.
        scopes: The only actions of the role that their API token allows; None: all.
        account: Number of the account; None for a user of the machine.
    """

    name: str
    role: Role
    cameras: frozenset[str] | None = None
    scopes: frozenset[Action] | None = None
    account: int | None = None

    @staticmethod
    def of_machine() -> Actor:
        """The user of this machine, who calls a command."""
        return Actor(f"{OF_MACHINE}{getuser()}", "admin")

    def may(self, action: Action) -> bool:
        """Whether they may do something."""
        return action in PERMISSIONS[self.role] and (self.scopes is None or action in self.scopes)

    def check(self, action: Action) -> None:
        """Raise a PermissionDeniedError unless they may do it."""
        if not self.may(action):
            raise PermissionDeniedError(
                f"{self.name} ({self.role}) may not do this", f"action {action}", "Ask an administrator for the right."
            )


def checked_role(role: str) -> Role:
    """The role of a name.

    Raises:
        SurveilError: There is none.
    """
    for known in ROLES:
        if known == role:
            return known
    raise SurveilError(f"no role is called {role!r}", "role", f"There is: {', '.join(ROLES)}.")


def checked_scopes(scopes: tuple[str, ...]) -> tuple[Action, ...]:
    """Actions by their names, each once, in the table's order.

    Raises:
        SurveilError: One is unknown, or there is none.
    """
    unknown = sorted(set(scopes) - set(ACTIONS))
    if unknown or not scopes:
        raise SurveilError(
            f"not scopes: {', '.join(unknown) or 'none given'}", "scopes", f"There is: {', '.join(ACTIONS)}."
        )
    return tuple(action for action in ACTIONS if action in scopes)
