"""Looking after an archive: damage, and the schema of its database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from surveil.app.archive.base import ArchiveBase

if TYPE_CHECKING:
    from surveil.app.results import CheckResult, UpgradeResult


class UpkeepMethods(ArchiveBase):
    """What keeps the database sound."""

    def check(self, *, repair: bool = False) -> CheckResult:
        """Look for damage; a database that cannot be opened is a problem in the result."""
        from surveil.app.check import check

        return check(lambda: (self.database, self.media), repair=repair)

    def upgrade(self) -> UpgradeResult:
        """Bring the database to the schema of this version, all or nothing."""
        from surveil.app.results import UpgradeResult
        from surveil.store.session import upgrade

        before, after = upgrade(self.settings.database)
        return UpgradeResult(before=before, after=after)
