"""Reading identities, what operators decided of them, and the runs that made them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveil.app.results import (
    CameraTimeline,
    Companion,
    DecisionEntry,
    DecisionLog,
    IdentityChange,
    IdentityDetail,
    IdentityDiff,
    IdentityList,
    IdentitySummary,
    MergeSuggestion,
    RunList,
    RunSummary,
    Visit,
)
from surveil.app.search import as_match
from surveil.errors import QueryError
from surveil.identities import timeline
from surveil.identities.companions import find_companions
from surveil.identities.history import Facts, facts, history, last_decision
from surveil.identities.listing import count_identities, list_identities, sightings_of
from surveil.identities.suggestions import suggest_merges
from surveil.identities.timeline import visits_of
from surveil.identities.versions import compare, list_runs
from surveil.search.rank import Score, load_sightings
from surveil.store.granted import is_restricted
from surveil.store.media import MediaFolder
from surveil.store.session import Database
from surveil.store.tables import Camera, CropRow, Identity, SightingRow


def identity_list(
    session: Session, hidden: bool, limit: int | None, offset: int, among: Collection[int] | None
) -> IdentityList:
    """The identities that have sightings or a name; hidden ones only where they are asked for."""
    said = facts(session)
    without = () if hidden else _hidden(said)
    found = list_identities(session, without=without, among=among, limit=limit, offset=offset)
    told = [(identity, said.get(identity.identity, Facts())) for identity in found]
    return IdentityList(
        identities=tuple(IdentitySummary(**asdict(one), note=fact.note, hidden=fact.hidden) for one, fact in told)
    )


def identity_count(session: Session, hidden: bool) -> int:
    """How many `identity_list` gives."""
    return count_identities(session, without=() if hidden else _hidden(facts(session)))


def _hidden(said: Mapping[int, Facts]) -> list[int]:
    return [identity for identity, told in said.items() if told.hidden]


def identity_detail(database: Database, media: MediaFolder, identity: int) -> IdentityDetail:
    """An identity: its sightings, when each camera saw it, who was with it, and who may be the same person.

    Raises:
        QueryError: There is none of that number.
    """
    suggestions = suggest_merges(database, identity)
    with database.session() as session:
        seen = load_sightings(session, {sighting: Score() for sighting in sightings_of(session, identity)})
        said = facts(session)
        visits = visits_of(session, identity)
        companions = find_companions(session, identity, visits)
        hidden = {other for other, told in said.items() if told.hidden}
        return IdentityDetail(
            identity=identity,
            name=session.get_one(Identity, identity).name,
            first_seen=min((sighting.first_seen for sighting in seen), default=None),
            last_seen=max((sighting.last_seen for sighting in seen), default=None),
            sightings=tuple(as_match(sighting, media) for sighting in seen),
            timeline=_timeline(session, visits),
            companions=tuple(Companion.model_validate(one) for one in companions if one.identity not in hidden),
            suggestions=tuple(MergeSuggestion.model_validate(one) for one in suggestions if one.identity not in hidden),
            **asdict(said.get(identity, Facts())),
            decision=last_decision(session),
        )


def _timeline(session: Session, visits: Sequence[timeline.Visit]) -> tuple[CameraTimeline, ...]:
    """Visits by camera, in order of the cameras' names."""
    of_camera: dict[int, list[Visit]] = {}
    for visit in visits:
        seen = tuple(one.sighting for one in visit.seen)
        of_camera.setdefault(visit.camera, []).append(
            Visit(first_seen=visit.first, last_seen=visit.last, sightings=seen)
        )
    cameras = session.scalars(select(Camera).where(Camera.id.in_(of_camera)).order_by(Camera.name))
    return tuple(
        CameraTimeline(camera=camera.name, zone=camera.zone, visits=tuple(of_camera[camera.id])) for camera in cameras
    )


def picture_key(session: Session, identity: int) -> str:
    """The key of the picture that shows an identity: of the sighting that the operator chose, else the best.

    Raises:
        QueryError: There is no such identity, or no picture of it.
    """
    chosen = facts(session).get(identity, Facts()).picture
    own = (
        select(CropRow.media_key)
        .join(SightingRow, CropRow.sighting_id == SightingRow.id)
        .where(SightingRow.identity_id == identity, CropRow.rank == 0)
        .order_by((SightingRow.id == chosen).desc(), CropRow.quality.desc(), CropRow.id)
    )
    key = session.scalars(own).first()
    if key is None:
        raise QueryError(f"no identity with a picture has the number {identity}")
    return key


def decision_log(session: Session, identity: int | None) -> DecisionLog:
    """All decisions, or those that concern an identity; with only some cameras, those about whom these saw.

    A decision tells a name or a note, so it is shown only with the identity that it is about.
    """
    entries = history(session, identity)
    if is_restricted():
        seen = set(session.scalars(select(Identity.id)))
        entries = [entry for entry in entries if entry.identities[0] in seen]
    return DecisionLog(decisions=tuple(DecisionEntry.model_validate(entry) for entry in entries))


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
