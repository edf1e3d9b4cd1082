"""ParsedQuery identities."""

from __future__ import annotations

from sqlalchemy.orm import Session

from surveil.app.results import IdentityDetail, IdentityList, IdentitySummary
from surveil.app.search import as_match
from surveil.identities.listing import list_identities, sightings_of
from surveil.search.rank import Score, load_sightings
from surveil.store.media import MediaFolder
from surveil.store.tables import Identity


def identity_list(session: Session) -> IdentityList:
    """The identities that have sightings or a name."""
    return IdentityList(
        identities=tuple(IdentitySummary.model_validate(identity) for identity in list_identities(session))
    )


def identity_detail(session: Session, media: MediaFolder, identity: int) -> IdentityDetail:
    """An identity with its sightings.

    Raises:
        QueryError: There is none of that number.
    """
    seen = load_sightings(session, {sighting: Score() for sighting in sightings_of(session, identity)})
    return IdentityDetail(
        identity=identity,
        name=session.get_one(Identity, identity).name,
        sightings=tuple(as_match(sighting, media) for sighting in seen),
    )
