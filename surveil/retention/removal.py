"""Removing sightings with all that the database holds of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session

from surveil.retention.mentions import blank_decisions, forget_searches
from surveil.store.case_tables import CaseItem
from surveil.store.footage import delete_pictures
from surveil.store.granted import only_cameras
from surveil.store.holds import held_footage
from surveil.store.locks import lock_identities, lock_sightings
from surveil.store.media import MediaFolder
from surveil.store.media_check import collect_unreferenced
from surveil.store.retry import once_more
from surveil.store.session import Database
from surveil.store.tables import CropRow, Footage, Identity, SightingRow
from surveil.store.traces import erase_traces, has_traces, leave_traces

BATCH_SIZE = 500
IN_WORK = "it is being worked on"


@dataclass(slots=True)
class Removed:
    """What was removed, or, of a rehearsal, would be.

    Attributes:
        sightings: How many.
        pictures: How many crops they had.
        identities: How many identities had no other sightings, and went too.
        decisions: In how many decisions of operators they were blanked.
        searches: How many saved searches named them, and went too.
        held: How many sightings stay, by the reason: the names of open cases, or that the footage is being worked on.
        traces_erased: Whether nothing of them is left in the database's files; False: others used it all the time.
    """

    sightings: int = 0
    pictures: int = 0
    identities: int = 0
    decisions: int = 0
    searches: int = 0
    held: dict[str, int] = field(default_factory=dict)
    traces_erased: bool = True


def remove_sightings(
    database: Database, media: MediaFolder, sightings: Collection[int], *, rehearse: bool = False
) -> Removed:
    """Remove sightings: their descriptions, embeddings, crops and pictures, and what names them.

    What open cases hold stays, and so does what is being worked on. The footage stays known, so that it is not ingested
    again, and its files are not touched. A batch is gone as a whole or not at all; killed in between, do it again.

    Args:
        database: The database.
        media: Its media folder.
        sightings: Their numbers; those that are not there are passed over.
        rehearse: Only tell what would be removed.
    """
    total, begun, numbers = Removed(), time.time(), sorted(set(sightings))
    batches = [numbers[first : first + BATCH_SIZE] for first in range(0, len(numbers), BATCH_SIZE)]
    with only_cameras(None):  # whether an identity has other sightings is asked of all cameras
        if rehearse:
            with database.session() as session:
                return _rehearse(session, batches)
        for batch in batches:
            keys = _remove_batch(database, batch, total)
            delete_pictures(database, media, keys, begun)
        if total.sightings:
            collect_unreferenced(database, media)
        if total.sightings or has_traces(database):  # also those that an earlier run had to leave
            total.traces_erased = erase_traces(database)
    return total


def _rehearse(session: Session, batches: Sequence[Sequence[int]]) -> Removed:
    total, of_identity, keys = Removed(), Counter[int](), set[str]()
    for batch in batches:
        gone = _removable(session, batch, total, lock=False)
        total.sightings += len(gone)
        keys |= set(session.scalars(select(CropRow.media_key).where(CropRow.sighting_id.in_(gone))))
        rows = select(SightingRow.identity_id).where(SightingRow.id.in_(gone), SightingRow.identity_id.is_not(None))
        of_identity.update(number for number in session.scalars(rows) if number is not None)
    everybody = select(SightingRow.identity_id, func.count()).group_by(SightingRow.identity_id)
    total.pictures = len(keys)
    total.identities = sum(of_identity[row[0]] == row[1] for row in session.execute(everybody) if row[0] is not None)
    return total


def _remove_batch(database: Database, batch: Sequence[int], total: Removed) -> set[str]:
    """Remove a batch and add it to the total; gives the keys of its pictures."""

    @once_more
    def remove() -> tuple[Removed, set[str]]:
        removed = Removed()
        with database.session() as session:
            lock_identities(session)
            gone = _removable(session, batch, removed, lock=True)
            keys = set(session.scalars(select(CropRow.media_key).where(CropRow.sighting_id.in_(gone))))
            removed.sightings, removed.pictures = len(gone), len(keys)
            lonely = _identities_of(session, gone)
            removed.identities = len(lonely)
            _delete(session, gone, lonely, removed)
        return removed, keys

    removed, keys = remove()
    for name in ("sightings", "pictures", "identities", "decisions", "searches"):
        setattr(total, name, getattr(total, name) + getattr(removed, name))
    for reason, count in removed.held.items():
        total.held[reason] = total.held.get(reason, 0) + count
    return keys


def _removable(session: Session, batch: Sequence[int], removed: Removed, *, lock: bool) -> list[int]:
    """Those of the batch that nothing holds; their footage and they themselves stay locked until the commit."""
    rows = select(SightingRow.id, SightingRow.footage_id).where(SightingRow.id.in_(batch)).order_by(SightingRow.id)
    footage_of: dict[int, int] = {row[0]: row[1] for row in session.execute(rows)}
    pieces = select(Footage).where(Footage.id.in_(set(footage_of.values()))).order_by(Footage.id)
    footage = session.scalars(pieces.with_for_update() if lock else pieces).all()
    reasons = {piece.id: IN_WORK for piece in footage if piece.state == "working"}
    for piece, cases in held_footage(session, set(footage_of.values())).items():
        reasons[piece] = f"case {', '.join(cases)}"
    for piece in footage_of.values():
        if piece in reasons:
            removed.held[reasons[piece]] = removed.held.get(reasons[piece], 0) + 1
    gone = [sighting for sighting, piece in footage_of.items() if piece not in reasons]
    if lock:
        lock_sightings(session, SightingRow.id.in_(gone), deleting=True)
    return gone


def _identities_of(session: Session, gone: Sequence[int]) -> list[int]:
    """The identities that have no other sightings."""
    other = exists().where(SightingRow.identity_id == Identity.id, SightingRow.id.not_in(gone))
    own = exists().where(SightingRow.identity_id == Identity.id, SightingRow.id.in_(gone))
    return list(session.scalars(select(Identity.id).where(own, ~other).order_by(Identity.id)))


def _delete(session: Session, gone: Sequence[int], lonely: Sequence[int], removed: Removed) -> None:
    if gone:
        leave_traces(session)
    names = set(session.scalars(select(Identity.name).where(Identity.id.in_(lonely), Identity.name.is_not(None))))
    removed.decisions = blank_decisions(session, set(gone), set(lonely))
    removed.searches = forget_searches(session, set(gone), set(lonely), {name for name in names if name})
    unsynchronized: dict[str, Any] = {"synchronize_session": False}
    # Items of cases that are closed, with what was noted on them; those of open ones hold their footage.
    session.execute(delete(CaseItem).where(CaseItem.sighting_id.in_(gone)), execution_options=unsynchronized)
    session.execute(delete(SightingRow).where(SightingRow.id.in_(gone)), execution_options=unsynchronized)
    session.execute(delete(Identity).where(Identity.id.in_(lonely)), execution_options=unsynchronized)
