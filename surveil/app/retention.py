"""Deleting people from an archive: `archive.retention`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveil.app.handed_in import HandedIn
from surveil.app.results.retention import CameraRetention, Forgettable, Removal, RetentionResult
from surveil.app.search import as_match
from surveil.errors import QueryError
from surveil.identities.listing import sightings_of
from surveil.retention.expiry import expired
from surveil.retention.removal import remove_sightings
from surveil.search.rank import Score, load_sightings
from surveil.search.saved import saved_searches
from surveil.store.tables import SightingRow

if TYPE_CHECKING:
    from surveil.app.archive.search import SearchMethods

MOST = 1000
"""So many sightings at most are looked at that resemble a picture."""


class Retention:
    """Deleting those whose time is over, and those who are to be forgotten.

    The footage itself stays where it is, and stays known, so that it is not ingested again; who is to be gone from
    there too must be deleted there. Who asks has been checked by then; see `Archive.acting`.

    Args:
        archive: The archive.
    """

    def __init__(self, archive: SearchMethods) -> None:
        self._archive = archive

    def run(self, *, rehearse: bool = False) -> RetentionResult:
        """Delete whom their cameras are not to keep any longer.

        Args:
            rehearse: Only tell what would be deleted.
        """
        with self._archive.database.session() as session:
            past = expired(session)
        cameras = tuple(
            CameraRetention(camera=one.camera, keep_days=one.keep_days, before=one.before, sightings=len(one.sightings))
            for one in past
        )
        removal = self.forget([sighting for one in past for sighting in one.sightings], rehearse=rehearse)
        return RetentionResult(cameras=cameras, removal=removal)

    def find(
        self,
        *,
        identity: int | None = None,
        sightings: Collection[int] = (),
        like: str | Path | None = None,
        min_probability: float = 0.9,
    ) -> Forgettable:
        """Who would be forgotten; a person should look at them first.

        Args:
            identity: All sightings of this identity, as far as it is known now.
            sightings: These sightings.
            like: A picture: the sightings that show the same person with at least `min_probability`.
            min_probability: 0 to 1, calibrated on pairs of which half show one person.

        Raises:
            QueryError: There is no such identity or sighting, the picture shows nobody, or nothing was asked for.
        """
        archive = self._archive
        if like is not None:
            found = archive.search(like=[str(like)], limit=MOST).matches
            matches = tuple(match for match in found if (match.probability or 0.0) >= min_probability)
            numbers = [match.sighting for match in matches]
        else:
            with archive.database.session() as session:
                numbers = list(_named(session, identity, sightings))
                seen = load_sightings(session, {sighting: Score() for sighting in numbers})
            matches = tuple(as_match(sighting, archive.media) for sighting in seen)
        return Forgettable(sightings=tuple(numbers), matches=matches, removal=self.forget(numbers, rehearse=True))

    def forget(self, sightings: Collection[int], *, rehearse: bool = False) -> Removal:
        """Delete sightings with all that is stored of them; what open cases hold stays.

        Args:
            sightings: Their numbers; those that are not there are passed over.
            rehearse: Only tell what would be deleted.
        """
        archive = self._archive
        removed = remove_sightings(archive.database, archive.media, sightings, rehearse=rehearse)
        handed_in = 0
        if removed.sightings and not rehearse:
            handed_in = HandedIn(archive.media).forget_all(but=self._in_saved_searches())
        return Removal(**asdict(removed), handed_in=handed_in, rehearsed=rehearse)

    def _in_saved_searches(self) -> set[str]:
        """The pictures that were handed in and that saved searches ask for."""
        with self._archive.database.session() as session:
            requests = [saved.request for saved in saved_searches(session)]
        examples = [example for request in requests for name in ("like", "unlike") for example in request.get(name, ())]
        return {example.rpartition(":")[2] for example in examples}


def _named(session: Session, identity: int | None, sightings: Collection[int]) -> Sequence[int]:
    if identity is not None:
        return sightings_of(session, identity)
    there = list(session.scalars(select(SightingRow.id).where(SightingRow.id.in_(sightings)).order_by(SightingRow.id)))
    if missing := set(sightings) - set(there):
        raise QueryError(f"no sighting has the number {min(missing)}", "sightings", "See `surveil search`.")
    if not there:
        raise QueryError("nobody was named", "forget", "Give an identity, sightings, or a picture.")
    return there
