"""Case folders: sightings and stretches of footage under a name."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from surveil.errors import QueryError
from surveil.store.case_tables import CaseFolder, CaseItem
from surveil.store.clock import database_now
from surveil.store.tables import Footage, SightingRow

MAX_NAME = 200
MARGIN_SECONDS = 2.0
"""What is added before and after a sighting."""


def new_case(session: Session, name: str, actor: str) -> CaseFolder:
    """Open a case.

    Raises:
        QueryError: The name is none, or taken.
    """
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise QueryError(f"a name has 1 to {MAX_NAME} printable characters", "case")
    case = CaseFolder(name=name, made_at=database_now(session), made_by=actor)
    try:
        with session.begin_nested():
            session.add(case)
    except IntegrityError:
        raise QueryError(f"a case is called {name!r} already", "case", "Give another name.") from None
    return case


def find_case(session: Session, name: str, *, to_change: bool = False) -> CaseFolder:
    """The case of a name.

    Raises:
        QueryError: There is none; or it is closed, and is to be changed.
    """
    rows = select(CaseFolder).where(CaseFolder.name == name)
    case = session.scalars(rows.with_for_update() if to_change else rows).one_or_none()
    if case is None:
        raise QueryError(f"no case is called {name!r}", "case", "See: surveil case list")
    if to_change and case.closed_at is not None:
        raise QueryError("the case is closed", f"case {name}", "Open it again: surveil case close NAME --undo")
    return case


def list_cases(session: Session) -> list[tuple[CaseFolder, int]]:
    """The cases by name, with how many items each has."""
    items = select(func.count()).where(CaseItem.case_id == CaseFolder.id).scalar_subquery()
    return [(row[0], row[1]) for row in session.execute(select(CaseFolder, items).order_by(CaseFolder.name))]


def items_of(session: Session, case: CaseFolder) -> Sequence[CaseItem]:
    """The items of a case, in the order in which they were added."""
    return session.scalars(select(CaseItem).where(CaseItem.case_id == case.id).order_by(CaseItem.id)).all()


def add_sighting(session: Session, name: str, sighting: int, actor: str, note: str | None = None) -> CaseItem:
    """Put a sighting into a case, with the footage around it.

    Raises:
        QueryError: The case or the sighting is not there, or the case is closed.
    """
    case = find_case(session, name, to_change=True)
    seen = session.get(SightingRow, sighting)
    if seen is None:
        raise QueryError(f"no sighting has the number {sighting}", "sighting", "See `surveil search`.")
    footage = session.get_one(Footage, seen.footage_id)
    begin = max(0.0, seen.boxes[0][0] - MARGIN_SECONDS)
    end = seen.boxes[-1][0] + MARGIN_SECONDS
    return _add(
        session, case, footage, begin, min(end, footage.duration) if footage.duration else end, actor, note, sighting
    )


def add_clip(
    session: Session, name: str, footage: int, begin: float, end: float, actor: str, note: str | None = None
) -> CaseItem:
    """Put a stretch of footage into a case.

    Raises:
        QueryError: The case or the footage is not there, the case is closed, or the stretch is none of the footage.
    """
    case = find_case(session, name, to_change=True)
    piece = session.get(Footage, footage)
    if piece is None:
        raise QueryError(f"no footage has the number {footage}", "footage", "See: surveil footage list")
    if not 0 <= begin < end or (piece.duration and begin >= piece.duration):
        raise QueryError(
            f"{begin:g} to {end:g} s is no stretch of it",
            piece.path,
            f"It lasts {piece.duration:.1f} s from its first frame.",
        )
    return _add(session, case, piece, begin, min(end, piece.duration) if piece.duration else end, actor, note, None)


def remove_item(session: Session, name: str, item: int) -> None:
    """Take an item out of a case; what it showed stays in the database.

    Raises:
        QueryError: The case or the item is not there, or the case is closed.
    """
    case = find_case(session, name, to_change=True)
    found = session.get(CaseItem, item)
    if found is None or found.case_id != case.id:
        raise QueryError(f"no item has the number {item}", f"case {name}", f"See: surveil case show {name}")
    session.delete(found)


def close_case(session: Session, name: str, closed: bool = True) -> CaseFolder:
    """Close a case, which no longer keeps its footage then, or open it again.

    Raises:
        QueryError: There is no such case.
    """
    find_case(session, name)
    case = session.scalars(select(CaseFolder).where(CaseFolder.name == name).with_for_update()).one()
    case.closed_at = (case.closed_at or database_now(session)) if closed else None
    return case


def _add(
    session: Session,
    case: CaseFolder,
    footage: Footage,
    begin: float,
    end: float,
    actor: str,
    note: str | None,
    sighting: int | None,
) -> CaseItem:
    item = CaseItem(
        case_id=case.id,
        footage_id=footage.id,
        sighting_id=sighting,
        begin=begin,
        end=end,
        note=note or None,
        added_at=database_now(session),
        added_by=actor,
        footage=footage,
    )
    try:
        with session.begin_nested():
            session.add(item)
    except IntegrityError:
        raise QueryError("it is being deleted just now", footage.path) from None
    return item
