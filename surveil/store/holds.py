"""Footage that open cases hold: it is neither forgotten nor deleted by retention."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from surveil.errors import StoreError
from surveil.store.case_tables import CaseFolder, CaseItem
from surveil.store.tables import Footage


def held_footage(session: Session, footage_ids: Collection[int] | None = None) -> dict[int, tuple[str, ...]]:
    """The names of the open cases that hold footage, by its number; footage that none holds is left out.

    Who is about to delete holds the rows of the footage first: then no case can take it in meanwhile.
    """
    rows = (
        select(CaseItem.footage_id, CaseFolder.name)
        .join(CaseFolder, CaseFolder.id == CaseItem.case_id)
        .where(CaseFolder.closed_at.is_(None))
        .distinct()
        .order_by(CaseItem.footage_id, CaseFolder.name)
    )
    held: dict[int, tuple[str, ...]] = {}
    for footage, case in session.execute(rows):
        if footage_ids is None or footage in footage_ids:
            held[footage] = (*held.get(footage, ()), case)
    return held


def check_not_held(session: Session, footage: Collection[Footage]) -> None:
    """Raise a StoreError where an open case holds one of these pieces; no case can take one in until the commit."""
    ids = [piece.id for piece in footage]
    session.execute(
        update(Footage).where(Footage.id.in_(ids)).values(state=Footage.state),
        execution_options={"synchronize_session": False},
    )
    held = held_footage(session, ids)
    for piece in footage:
        if piece.id in held:
            cases = ", ".join(held[piece.id])
            raise StoreError(f"a case holds it: {cases}", piece.path, "Close the case first: surveil case close NAME")
