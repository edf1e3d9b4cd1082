"""Deleting people from the archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from surveil.app.archive.search import SearchMethods

if TYPE_CHECKING:
    from surveil.app.retention import Retention


class RetentionMethods(SearchMethods):
    """Those whose time is over, and those who are to be forgotten."""

    @property
    def retention(self) -> Retention:
        """Deletes those whose time is over, and those who are to be forgotten."""
        from surveil.app.retention import Retention

        return Retention(self)
