"""Reading identities, what operators decided of them, and the runs that made them."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveil.app.base import Granted
from surveil.app.results import (
    DecisionEntry,
    DecisionLog,
    IdentityChange,
    IdentityDetail,
    IdentityDiff,
    IdentityList,
    IdentitySummary,
    RunList,
    RunSummary,
)
from surveil.app.search import as_match
from surveil.errors import QueryError
from surveil.identities.history import Facts, facts, history, last_decision
from surveil.identities.listing import list_identities, sightings_of
from surveil.identities.versions import compare, list_runs
from surveil.search.filters import taken_by
from surveil.search.rank import Score, load_sightings
from surveil.store.media import MediaFolder
from surveil.store.tables import Crop, Identity, SightingRow


def identity_list(session: Session, hidden: bool, within: Granted = None) -> IdentityList:
    """The identities that have sightings or a name; hidden ones only where they are asked for."""
    said = facts(session)
    found = [(identity, said.get(identity.identity, Facts())) for identity in list_identities(session, within)]
    return IdentityList(
        identities=tuple(
            IdentitySummary(**asdict(identity), note=told.note, hidden=told.hidden)
            for identity, told in found
            if hidden or not told.hidden
        )
    )


def identity_detail(
    session: Session, media: MediaFolder, identity: int, within: Granted = None
) -> IdentityDetail:  # fmt: skip
    """An identity with its sightings; `within` are the only cameras whose sightings are shown.

    Raises:
        QueryError: There is none of that number.
    """
    seen = load_sightings(session, {sighting: Score() for sighting in sightings_of(session, identity)})
    if within is not None:
        seen = [sighting for sighting in seen if sighting.camera in within]
        if not seen:
            raise QueryError(f"no identity has the number {identity}", next_step="See `surveil identities list`.")
    return IdentityDetail(
        identity=identity,
        name=session.get_one(Identity, identity).name,
        sightings=tuple(as_match(sighting, media) for sighting in seen),
        **asdict(facts(session).get(identity, Facts())),
        decision=last_decision(session),
    )


def picture_key(session: Session, identity: int, within: Granted = None) -> str:
    """The key of the picture that shows an identity: of the sighting that the operator chose, else the best.

    Raises:
        QueryError: There is no such identity, or no picture of it.
    """
    chosen = facts(session).get(identity, Facts()).picture
    own = (
        select(Crop.media_key)
        .join(SightingRow, Crop.sighting_id == SightingRow.id)
        .where(SightingRow.identity_id == identity, Crop.rank == 0)
        .order_by((SightingRow.id == chosen).desc(), Crop.quality.desc(), Crop.id)
    )
    key = session.scalars(own if within is None else own.where(taken_by(within))).first()
    if key is None:
        raise QueryError(f"no identity with a picture has the number {identity}")
    return key


def decision_log(session: Session, identity: int | None) -> DecisionLog:
    """All decisions, or those that concern an identity."""
    return DecisionLog(decisions=tuple(DecisionEntry.model_validate(entry) for entry in history(session, identity)))


def run_list(session: Session) -> RunList:
    """The clusterings that were stored."""
    return RunList(
        runs=tuple(
            RunSummary(
                clustering=run.clustering,
                made_at=run.made_at,
                method=run.parameters["method"],
                sightings=run.metrics["sightings"],
                identities=run.metrics["identities"],
                has_members=run.has_members,
            )
            for run in list_runs(session)
        )
    )


def identity_diff(session: Session, before: int | None, after: int | None) -> IdentityDiff:
    """What changed between two clusterings.

    Raises:
        QueryError: One is not there, or its members are not kept any more.
    """
    return IdentityDiff(
        changes=tuple(
            IdentityChange(
                identity=change.identity,
                name=change.name,
                before=change.before,
                after=change.after,
                came=tuple(change.came.items()),
                went=tuple(change.went.items()),
            )
            for change in compare(session, before, after)
        )
    )
