"""The identities of an archive: clustering, what operators decide, and earlier runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from surveil.app.archive.base import ArchiveBase

if TYPE_CHECKING:
    import threading

    from surveil.app.results import ClusteringResult, DecisionLog, IdentityDetail, IdentityDiff, IdentityList, RunList
    from surveil.identities.decisions import Decisions
    from surveil.identities.methods import Method


class IdentityMethods(ArchiveBase):
    """Who was seen where."""

    def cluster(
        self,
        method: Method = "graph",
        *,
        people: int | None = None,
        progress: Callable[[float], object] | None = None,
        stop: threading.Event | None = None,
    ) -> ClusteringResult:
        """Group all sightings into identities; the setting `cluster_threshold` goes before the model's own.

        Args:
            method: See `surveil.identities.cluster.cluster`.
            people: How many identities to make, for the methods that must be told.
            progress: Told the part that is done, 0 to 1.
            stop: Ends the work when it is set, before anything is stored.

        Raises:
            QueryError: `people` does not fit the method or the sightings.
            StoppedError: It was stopped.
        """
        from surveil.app.results import ClusteringResult
        from surveil.app.stopping import telling
        from surveil.identities.cluster import cluster

        outcome = cluster(
            self.database, self.settings.cluster_threshold, method=method, people=people, tell=telling(progress, stop)
        )
        return ClusteringResult.model_validate(outcome)

    def is_clustered(self) -> bool:
        """Whether a clustering would know nothing that the newest did not."""
        from surveil.identities.cluster import is_current

        return is_current(self.database, self.settings.cluster_threshold)

    def identities(
        self, *, hidden: bool = False, limit: int | None = None, offset: int = 0, among: Collection[int] | None = None
    ) -> IdentityList:
        """The identities that have sightings or a name, those with most sightings first.

        Args:
            hidden: Whether hidden ones are listed too.
            limit: How many at most; None: all.
            offset: How many of the first to pass over.
            among: Only these; None: all.
        """
        from surveil.app.identities import identity_list

        with self.database.session() as session:
            return identity_list(session, hidden, limit, offset, among)

    def identity_count(self, *, hidden: bool = False) -> int:
        """How many identities `identities` lists."""
        from surveil.app.identities import identity_count

        with self.database.session() as session:
            return identity_count(session, hidden)

    def identity(self, identity: int) -> IdentityDetail:
        """An identity: its sightings, when each camera saw it, who was with it, and who may be the same person.

        Raises:
            QueryError: There is none of that number.
        """
        from surveil.app.identities import identity_detail

        return identity_detail(self.database, self.media, identity)

    @contextmanager
    def decide(self, actor: str | None = None, *, seen: int | None = None) -> Iterator[Decisions]:
        """Correct identities; what is decided inside is stored on leaving, or not at all when an error leaves it.

        Args:
            actor: Who decides; None: the user of this machine.
            seen: The newest decision that the operator knew (`IdentityDetail.decision`): a newer one of somebody else
                about the same identities is a ConflictError. None: they looked just now.

        Example:
            >>> with archive.decide("maria") as decisions:
            ...     decisions.merge(3, [5])
        """
        from getpass import getuser

        from surveil.identities.decisions import Decisions

        with self.database.session() as session:
            yield Decisions(session, actor or getuser(), seen=seen)

    def decisions(self, identity: int | None = None) -> DecisionLog:
        """What operators decided, the newest first; of one identity or of all."""
        from surveil.app.identities import decision_log

        with self.database.session() as session:
            return decision_log(session, identity)

    def last_decision(self) -> int:
        """The number of the newest decision; see `decide`. 0 while there is none."""
        from surveil.identities.history import last_decision

        with self.database.session() as session:
            return last_decision(session)

    def clusterings(self) -> RunList:
        """The clusterings that were stored, the newest first."""
        from surveil.app.identities import run_list

        with self.database.session() as session:
            return run_list(session)

    def compare_clusterings(self, before: int | None = None, after: int | None = None) -> IdentityDiff:
        """What became of identities from one clustering to a later one, or to now; None: what changed last.

        Raises:
            QueryError: One is not there, or its members are not kept any more.
        """
        from surveil.app.identities import identity_diff

        with self.database.session() as session:
            return identity_diff(session, before, after)

    def roll_back(self, clustering: int) -> int:
        """Make an earlier clustering the current one, as a run of its own; gives its number.

        Raises:
            QueryError: It is not there, or its members are not kept any more.
        """
        from surveil.identities.versions import roll_back

        return roll_back(self.database, clustering)
