"""Who may do what with the archive, and what was done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from surveil.app.archive.base import ArchiveBase
from surveil.app.requests import SearchRequest

if TYPE_CHECKING:
    from surveil.accounts.permissions import Action, Actor
    from surveil.app.accounts import Accounts
    from surveil.app.audit import Audit
    from surveil.app.cases import Cases


class AccessMethods(ArchiveBase):
    """Accounts, the audit, and acting on behalf of somebody."""

    @property
    def accounts(self) -> Accounts:
        """Who may sign in, and with which rights; API tokens."""
        from surveil.app.accounts import Accounts

        return Accounts(self.database, self.settings.session_hours)

    @property
    def audit(self) -> Audit:
        """What was done, by whom and why."""
        from surveil.app.audit import Audit

        return Audit(self.database)

    @property
    def cases(self) -> Cases:
        """What investigations gather, and packages of evidence."""
        from surveil.app.cases import Cases

        return Cases(self)

    @contextmanager
    def seeing(self, actor: Actor) -> Iterator[None]:
        """What is read inside, in this thread or task, shows only the cameras that somebody may see.

        For what is too small to be on record, such as each picture of a page that is; see `acting`.
        """
        from surveil.store.granted import only_cameras

        with only_cameras(actor.cameras):
            yield

    @contextmanager
    def acting(
        self,
        actor: Actor | None,
        action: Action,
        what: Mapping[str, Any] | SearchRequest,
        *,
        reason: str | None = None,
    ) -> Iterator[int]:
        """What is done inside is done by somebody who may, sees only the cameras that they may, and is on record.

        The record is there before anything is done; what then fails gets a second one. Gives the record's number. In
        other threads that are started inside, the cameras are not limited.

        Args:
            actor: Who; None: the user of this machine.
            action: What kind of thing; see `surveil.accounts.permissions.PERMISSIONS`.
            what: The thing itself, as JSON has it. Records stay for ever: no names of people and no pictures. Of a
                whole request, those are left out.
            reason: Why. The setting `ask_reason` makes it necessary for what concerns people.

        Raises:
            PermissionDeniedError: They may not do this.
            QueryError: A reason is asked for, and there is none.

        Example:
            >>> with archive.acting(actor, "search", request, reason="case 7"):
            ...     found = archive.search(request)
        """
        from surveil.accounts.permissions import Actor
        from surveil.app.acting import acting, request_on_record

        thing = request_on_record(what) if isinstance(what, SearchRequest) else what
        who = actor or Actor.of_machine()
        with acting(self.database, who, action, thing, reason, self.settings.ask_reason) as number:
            yield number
